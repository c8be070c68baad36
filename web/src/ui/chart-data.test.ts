import { expect, it } from 'vitest';
import { spanOf, summaryOf, withHoles } from './chart-data';

it('leads no line over a time in which nothing was heard', () => {
  expect(withHoles([10, 11, 12], [1, 2, 3])).toEqual([[10, 11, 12], [1, 2, 3]]);
  expect(withHoles([10, 11, 30], [1, 2, 3])).toEqual([[10, 11, 12, 30], [1, 2, null, 3]]);
  expect(withHoles([], [])).toEqual([[], []]);
});

it('spans a minute at least', () => {
  expect(spanOf([100, 110])).toEqual([50, 110]);
  expect(spanOf([100, 700])).toEqual([100, 700]);
});

it('says in words what the curve shows', () => {
  const kbit = (value: number) => `${value} kbit/s`;
  expect(summaryOf('Bitrate', [0, 60, 120], [5, 7, 6], kbit)).toBe('Bitrate in the last 2 minutes: now 6 kbit/s, lowest 5 kbit/s, highest 7 kbit/s');
  expect(summaryOf('Bitrate', [0, 3], [5, 7], kbit)).toContain('in the last minute');
  expect(summaryOf('Bitrate', [], [], kbit)).toBe('Bitrate: nothing measured yet');
});
