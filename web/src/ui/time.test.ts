import { expect, it } from 'vitest';
import { duration, relative } from './time';

it.each([
  [0, '0 s'],
  [0.02, '< 0.1 s'],
  [0.42, '0.4 s'],
  [9.96, '10 s'],
  [59.6, '1 min'],
  [75, '1 min 15 s'],
  [3_599.6, '1 h'],
  [3_725, '1 h 2 min'],
  [86_399, '1 d'],
  [180_000, '2 d 2 h'],
])('says how long %f seconds are', (seconds, words) => expect(duration(seconds)).toBe(words));

it.each([
  [-3, 'just now'],
  [-59, '59 s ago'],
  [-300, '5 min ago'],
  [-90_000, '1 d ago'],
  [7_200, 'in 2 h'],
  [2 * 86_400 - 1, 'in 47 h'],
  [3 * 86_400, 'in 3 d'],
])('says where a moment lies that is %i seconds away', (seconds, words) => expect(relative(1_000_000_000 + seconds * 1_000, 1_000_000_000)).toBe(words));
