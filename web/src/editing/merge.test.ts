import { expect, it } from 'vitest';
import { changes, clashes, rebased } from './merge';

const base = { name: 'Twitch', url: 'rtmp://a/app', streamKey: '' };

it('sends only what was changed', () => {
  expect(changes(base, { ...base, name: 'Main stage' })).toEqual({ name: 'Main stage' });
  expect(changes(base, { ...base })).toEqual({});
});

it('keeps mine where I changed something, and theirs everywhere else', () => {
  const theirs = { ...base, name: 'Theirs', url: 'rtmp://b/app' };
  expect(rebased(base, { ...base, name: 'Mine' }, theirs)).toEqual({ name: 'Mine', url: 'rtmp://b/app', streamKey: '' });
});

it('names what both changed, but not where they agree', () => {
  const theirs = { ...base, name: 'Theirs', url: 'rtmp://b/app' };
  expect(clashes(base, { ...base, name: 'Mine', url: 'rtmp://b/app' }, theirs)).toEqual(['name']);
  expect(clashes(base, { ...base, streamKey: 'mine' }, theirs)).toEqual([]);
});
