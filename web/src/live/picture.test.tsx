import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Picture } from './picture';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const image = () => screen.getByAltText<HTMLImageElement>('What Main sends');
const address = () => image().getAttribute('src');
const pass = (ms: number) => {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
};

it('asks for the next picture some time after the answer, and never while one is on its way', () => {
  render(<Picture channel="second stage" source="main" label="What Main sends" />);
  expect(address()).toBe('/preview/second%20stage.jpg?source=main&at=0');
  expect(image().hidden).toBe(true);
  pass(60_000);
  expect(address()).toContain('at=0');
  fireEvent.load(image());
  expect(image().hidden).toBe(false);
  pass(5_000);
  expect(address()).toContain('at=1');
  expect(image().hidden).toBe(false);
});

it('hides what broke, and waits longer for the next', () => {
  render(<Picture channel="main" label="What Main sends" />);
  fireEvent.error(image());
  expect(image().hidden).toBe(true);
  pass(5_000);
  expect(address()).toBe('/preview/main.jpg?at=0');
  pass(10_000);
  expect(address()).toBe('/preview/main.jpg?at=1');
  fireEvent.load(image());
  expect(image().hidden).toBe(false);
});

it('asks for nothing while nobody looks', () => {
  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  render(<Picture channel="main" label="What Main sends" />);
  fireEvent.load(image());
  pass(60_000);
  fireEvent(document, new Event('visibilitychange'));
  expect(address()).toContain('at=0');
  visibility.mockReturnValue('visible');
  fireEvent(document, new Event('visibilitychange'));
  expect(address()).toContain('at=1');
});
