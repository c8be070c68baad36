import { expect, it } from 'vitest';
import { localTime } from '../../ui/time';
import { bodyOf, valuesOf } from './key-values';

const key = { name: 'Studio', expiresAt: '2026-06-01T10:00:30Z', allowedAddresses: ['203.0.113.7', '2001:db8::/32'], alias: null };

it('shows a key as texts', () => {
  expect(valuesOf(key)).toEqual({ name: 'Studio', expiresAt: localTime(Date.parse('2026-06-01T10:00:00Z')), allowedAddresses: '203.0.113.7\n2001:db8::/32', alias: '', kick: '' });
  expect(valuesOf({ ...key, expiresAt: null }).expiresAt).toBe('never');
});

it('reads a local time back as the moment it was', () => {
  const moment = Date.parse('2026-03-29T01:30:00Z');
  expect(bodyOf({ expiresAt: localTime(moment) })).toEqual({ expiresAt: new Date(moment).toISOString() });
});

it('sends what was changed, and empty for what is taken away', () => {
  expect(bodyOf({ allowedAddresses: '', alias: ' ' })).toEqual({ allowedAddresses: [], alias: '' });
  expect(bodyOf({ expiresAt: 'never', kick: 'kick' })).toEqual({ expiresAt: 'never', kick: true });
  expect(bodyOf({ expiresAt: '' })).toEqual({ expiresAt: '' });
  expect(bodyOf({})).toEqual({});
});
