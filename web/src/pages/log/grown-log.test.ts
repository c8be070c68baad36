import { expect, it } from 'vitest';
import { grownLog, keptEntries } from './grown-log';

const log = (from: number, to: number) => ({
  entries: Array.from({ length: to - from + 1 }, (_, index) => ({ number: from + index, time: '2026-01-31T12:00:00Z', level: 'information', category: 'x', message: 'y', exception: null })),
  next: to,
});

it('adds what is new, and keeps as many as the server does', () => {
  const grown = grownLog(log(1, keptEntries), log(keptEntries + 1, keptEntries + 5));
  expect([grown.entries.length, grown.entries[0]?.number, grown.next]).toEqual([keptEntries, 6, keptEntries + 5]);
});

it('stays the same object when there is nothing new', () => {
  const before = log(1, 3);
  expect(grownLog(before, { entries: [], next: 3 })).toBe(before);
  expect(grownLog(undefined, before)).toBe(before);
});
