import { expect, it } from 'vitest';
import type { User } from '../../api/types';
import { clientName, endOf, isLastOwner, makePassword } from './rules';

const user = (id: string, role: string, enabled = true, hasPassword = true): User => ({ id, name: id, role, enabled, createdAt: '2026-01-31T12:00:00Z', hasPassword, linkExpiresAt: null });

it('knows the last owner who may log in', () => {
  const users = [user('a', 'owner'), user('b', 'owner', false), user('c', 'operator'), user('d', 'owner', true, false)];
  expect(users.map(one => isLastOwner(one, users))).toEqual([true, false, false, false]);
  expect(isLastOwner(user('a', 'owner'), [user('a', 'owner'), user('d', 'owner')])).toBe(false);
});

it('says when a token ends', () => {
  const now = Date.parse('2026-01-31T12:00:00Z');
  expect(endOf('30', '', now)).toBe('2026-03-02T12:00:00.000Z');
  expect(endOf('never', '', now)).toBeNull();
  expect(Date.parse(endOf('until', '2026-02-01', now) ?? '')).toBe(new Date(2026, 1, 1, 23, 59, 59).getTime());
  // The server says what is wrong with it.
  expect(endOf('until', '', now)).toBe('');
});

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0', 'Edge on Windows'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', 'Safari on iPhone'],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['', 'Unknown program'],
])('names the client %s', (client, name) => expect(clientName({ client })).toBe(name));

it('makes passwords of letters that can be told apart', () => {
  expect(makePassword(count => Uint8Array.from({ length: count }, (_, index) => index))).toBe('abcde-fghij-kmnpq-rstuv');
  expect(makePassword()).toMatch(/^([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
  expect(makePassword()).not.toBe(makePassword());
});
