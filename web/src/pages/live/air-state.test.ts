import { expect, it } from 'vitest';
import type { Status } from '../../api/types';
import type { LiveEvent } from '../../live/frames';
import { airState, fallbackSince } from './air-state';

const at = (second: number) => new Date(second * 1_000).toISOString();

const arriving = { enabled: true, verdict: 'delivering' };

const status = (state: string, selected = 'auto', destinations: object[] = [arriving]) =>
  ({ channel: 'main', state, startedAt: at(10), source: { selected }, program: { activeSource: 'main' }, destinations }) as unknown as Status;

const switched = (second: number, to: string, channel = 'main'): LiveEvent => ({ id: `${second}`, type: 'program.switched', time: at(second), channel, actor: null, data: { to } });
const onAir = (second: number): LiveEvent => ({ id: `${second}`, type: 'program.onAir', time: at(second), channel: 'main', actor: null, data: {} });

it('counts the fallback from the switch to it', () => {
  const events = [switched(95, 'main', 'other'), switched(72, 'fallback'), switched(50, 'main'), onAir(10)];
  expect(airState(status('fallback'), events, 100_000).words).toBe('On fallback 00:28');
});

it('counts from when it went on air with the fallback, which is later than its start after a restart of the server', () => {
  expect(fallbackSince(status('fallback'), [onAir(40), switched(20, 'main')])).toBe(40_000);
});

it('names no time that it does not know', () => {
  expect(airState(status('fallback'), [switched(50, 'main')], 100_000).words).toBe('On fallback');
});

it('tells a choice from a loss', () => {
  expect(airState(status('fallback', 'fallback'), [], 0).meaning).toContain('Somebody chose it');
  expect(airState(status('fallback'), [], 0).meaning).toContain('by itself');
});

it('has a word for each state', () => {
  expect(['live', 'waiting', 'stopped'].map(state => airState(status(state), [], 0).words)).toEqual(['Live', 'Waiting for source', 'Off air']);
});

it('does not say that viewers see what arrives nowhere', () => {
  const meaning = (destinations: object[], state = 'live') => airState(status(state, 'auto', destinations), [], 0).meaning;
  const off = { enabled: false, verdict: 'idle' };
  const broken = { enabled: true, verdict: 'unreachable' };
  expect(meaning([broken, arriving])).toBe('Viewers see your source.');
  expect(meaning([])).toContain('sent nowhere');
  expect(meaning([off])).toContain('sent nowhere');
  expect(meaning([off, broken])).toContain('arrives at no destination yet');
  expect(meaning([broken], 'fallback')).toBe('On air, but it arrives at no destination yet. Your source comes back by itself.');
});
