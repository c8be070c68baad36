import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { Copy } from './copy';

// The browser's own: jsdom has neither.
const give = (clipboard: { writeText: (text: string) => Promise<void> } | undefined, oldWay: () => boolean) => {
  vi.stubGlobal('navigator', new Proxy(navigator, { get: (target, name) => (name === 'clipboard' ? clipboard : (Reflect.get(target, name) as unknown)) }));
  Object.defineProperty(document, 'execCommand', { value: oldWay, configurable: true });
};

const copy = async () => {
  const view = render(<Copy label="key" value="s3cret" shown="••••" />);
  await userEvent.setup({ writeToClipboard: false }).click(screen.getByRole('button', { name: 'Copy key' }));
  return view;
};

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

it('copies by the clipboard where there is one', async () => {
  const written: string[] = [];
  give({ writeText: text => Promise.resolve(void written.push(text)) }, () => false);
  await copy();
  expect(await screen.findByText('Copied')).toBeDefined();
  expect(written).toEqual(['s3cret']);
});

it('copies from a field beside the button where there is none, and leaves nothing behind', async () => {
  let selected = '';
  give(undefined, () => {
    const field = document.activeElement as HTMLTextAreaElement;
    selected = field.value.slice(field.selectionStart, field.selectionEnd);
    return true;
  });
  const { container } = await copy();
  expect(await screen.findByText('Copied')).toBeDefined();
  expect(selected).toBe('s3cret');
  expect(container.querySelector('textarea')).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Copy key' }));
});

it('selects the value and says what to press where the browser allows neither', async () => {
  give({ writeText: () => Promise.reject(new Error('not allowed')) }, () => false);
  await copy();
  expect(await screen.findByText('Press Ctrl+C')).toBeDefined();
  expect(window.getSelection()?.toString()).toBe('s3cret');
});
