import { expect, it } from 'vitest';
import { endOf, expiryOf, inOrder, publisherOf, stateOf, titleOf } from './key-words';

const now = Date.parse('2026-05-01T12:00:00Z');
const iso = (seconds: number) => new Date(now + seconds * 1_000).toISOString();

it('says how long a key works', () => {
  expect(stateOf({ state: 'active', expiresAt: null, validUntil: null }, now).words).toBe('Works, no end');
  expect(stateOf({ state: 'active', expiresAt: iso(30 * 86_400), validUntil: null }, now)).toMatchObject({ words: 'Works, 30 d left', tone: 'good' });
  expect(stateOf({ state: 'active', expiresAt: iso(3 * 3_600), validUntil: null }, now)).toMatchObject({ words: 'Ends in 3 h', tone: 'warn' });
  expect(stateOf({ state: 'replaced', expiresAt: iso(86_400), validUntil: iso(3_000) }, now)).toMatchObject({ words: 'Replaced, ends in 50 min', tone: 'warn' });
  expect(stateOf({ state: 'expired', expiresAt: iso(-1), validUntil: null }, now).words).toBe('Ended');
});

it('ends with the overlap of a rotation when that is sooner', () => {
  expect(endOf({ expiresAt: iso(100), validUntil: iso(50) })).toBe(now + 50_000);
  expect(endOf({ expiresAt: null, validUntil: null })).toBeNull();
});

it('knows who is on air with a key, and when it can only guess', () => {
  const key = { id: 'k_1', channelId: 'main', sourceId: 'main' };
  const source = { id: 'main', encoder: 'OBS 31', remoteAddress: '203.0.113.7', clientId: 'rtmp-1' };
  const publisher = { where: 'main › main', from: 'OBS 31 from 203.0.113.7' };
  expect(publisherOf(key, [source], [{ clientId: 'rtmp-1', keyId: 'k_1' }])).toEqual({ ...publisher, isSure: true });
  expect(publisherOf(key, [source], [{ clientId: 'rtmp-1', keyId: 'k_2' }])).toBeNull();
  expect(publisherOf(key, [source], [{ clientId: 'rtmp-1', keyId: null }])).toBeNull();
  expect(publisherOf(key, [source], undefined)).toEqual({ ...publisher, isSure: false });
  expect(publisherOf(key, [source], [{ clientId: 'rtmp-0', keyId: 'k_1' }])?.isSure).toBe(false);
  expect(publisherOf({ ...key, sourceId: 'backup' }, [source], [])).toBeNull();
  expect(publisherOf(key, [{ ...source, clientId: null }], [])).toBeNull();
});

it('makes an end of what was chosen', () => {
  expect(expiryOf('never', '', now)).toBe('never');
  expect(expiryOf('7', '', now)).toBe(iso(7 * 86_400));
  expect(expiryOf('custom', '2026-06-01T10:00', now)).toBe(new Date('2026-06-01T10:00').toISOString());
  expect(expiryOf('custom', 'soon', now)).toBe('soon');
});

it('tells the own keys of two sources apart, and keeps a rotated one beside its successor', () => {
  const own = (sourceId: string, createdAt: string, replacedBy: string | null = null) => ({ name: `main/${sourceId}`, origin: replacedBy === null ? 'channel' : 'api', channelId: 'main', sourceId, createdAt, replacedBy });
  const studio = { ...own('main', '2026-05-03'), name: 'Studio', origin: 'api' };
  const hall = { ...own('backup', '2026-05-04'), name: 'Hall', origin: 'api' };
  expect(inOrder([studio, own('main', '2026-05-01', 'x'), own('backup', '2026-05-01'), hall, own('main', '2026-05-02')]).map(titleOf)).toEqual([
    'Own key of main › main', 'Earlier own key of main › main', 'Own key of main › backup', 'Hall', 'Studio',
  ]);
});
