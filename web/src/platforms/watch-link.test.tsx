import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { WatchLink } from './watch-link';

afterEach(cleanup);

it('opens the page in a tab of its own, which learns nothing of this one', () => {
  render(<WatchLink name="Church hall" url="https://twitch.tv/you" />);
  const link = screen.getByRole('link', { name: 'Watch Church hall' });
  expect(link.getAttribute('href')).toBe('https://twitch.tv/you');
  expect(link.getAttribute('target')).toBe('_blank');
  expect(link.getAttribute('rel')).toBe('noopener noreferrer');
});

it.each([
  '',
  'twitch.tv/you',
  '/destinations',
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'JavaScript://twitch.tv/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'blob:https://twitch.tv/x',
  'file:///etc/passwd',
  'rtmp://twitch.tv/you',
  'https://anna:secret@twitch.tv/',
  'https://anna@twitch.tv/',
  'https://',
])('is no link for %j', url => {
  render(<WatchLink name="Church hall" url={url} />);
  expect(screen.queryByRole('link')).toBeNull();
  expect(document.body.textContent).toBe('');
});
