import { expect, it } from 'vitest';
import type { LiveEvent } from '../../live/frames';
import { isThere, isWanted, merged } from './filter';
import { describeAny } from './words';

const start = Date.parse('2026-01-31T12:00:00Z');
const event = (id: number, type = 'program.switched', data: Record<string, unknown> = {}): LiveEvent => ({
  id: String(id),
  type,
  time: new Date(start + id * 1_000).toISOString(),
  channel: 'main',
  actor: 'user:anna',
  data,
});
const all = { family: '', channel: '', since: null };
const ids = (events: readonly LiveEvent[]) => events.map(({ id }) => id);

it('has what the WebSocket told above the pages of the journal, each once', () => {
  const pages = [[event(3), event(2)], [event(1)]];
  expect(ids(merged([event(5), event(4), event(3), event(0)], pages, all))).toEqual(['5', '4', '3', '2', '1']);
  expect(ids(merged([event(5)], [], all))).toEqual(['5']);
});

it('shows only what is asked for', () => {
  const media = event(4, 'media.added');
  expect(ids(merged([media, event(3)], [], { ...all, family: 'media' }))).toEqual(['4']);
  expect(ids(merged([event(3)], [[event(2), event(1)]], { ...all, since: start + 2_000 }))).toEqual(['3', '2']);
  expect(isWanted(event(1, 'mediation.x'), { ...all, family: 'media' })).toBe(false);
  expect(isWanted(event(1), { ...all, channel: 'second' })).toBe(false);
  expect(isWanted(event(1, 'media.uploading'), all)).toBe(false);
});

it('knows when it has gone back far enough', () => {
  expect(isThere([event(5), event(3)], start + 4_000)).toBe(true);
  expect(isThere([event(5), event(4)], start + 4_000)).toBe(false);
  expect(isThere([event(5)], null)).toBe(false);
});

it.each([
  [event(1, 'audit.destination.updated', { name: 'Twitch' }), 'anna changed the destination Twitch'],
  [event(1, 'audit.token.removed', {}), 'anna removed the token'],
  [event(1, 'audit.webhook.created', { host: 'hooks.example.org' }), 'anna added the webhook to hooks.example.org'],
  [event(1, 'audit.webhook.replayed', { host: 'hooks.example.org' }), 'anna replayed events to the webhook to hooks.example.org'],
  [event(1, 'connection.postPublish', { remoteAddress: '10.0.0.7', streamPath: 'main/main' }), '10.0.0.7 publishes main/main'],
  [event(1, 'key.refused', { remoteAddress: '10.0.0.7' }), '10.0.0.7 came with a key that does not count: something'],
  [event(1, 'future.thing', {}), 'future.thing'],
])('tells an event in words', (happened, words) => expect(describeAny(happened).text).toBe(words));
