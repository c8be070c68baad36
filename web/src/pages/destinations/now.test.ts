import { expect, it } from 'vitest';
import { steady, wordsOf } from './now';

const live = { enabled: true, state: 'live', verdict: 'delivering', attempts: 0, lastError: null };

it.each([
  [live, 'The server takes the program as it is made.', false],
  [{ ...live, verdict: 'stalled', lastError: 'The server has acknowledged nothing for 7 s.' }, 'The server has acknowledged nothing for 7 s.', true],
  [{ ...live, state: 'connecting', verdict: 'idle' }, 'It is being connected.', false],
  [{ ...live, state: 'connecting', verdict: 'unreachable', lastError: 'The name does not exist.' }, 'The name does not exist.', true],
  [{ ...live, state: 'retrying', verdict: 'rejected', lastError: 'The key is not known.' }, 'The key is not known.', true],
  [{ ...live, state: 'failed', verdict: 'rejected', lastError: 'The key is not known.' }, 'The key is not known. It is not tried any more. Switch it off and on to begin anew.', true],
  [{ ...live, state: 'idle', verdict: 'idle' }, 'It is connected as soon as the channel is on air.', false],
  [{ ...live, state: 'idle', verdict: 'idle', lastError: 'The key is not known.' }, 'It is connected as soon as the channel is on air. Last time: The key is not known.', false],
  [{ ...live, state: 'disabled', verdict: 'idle' }, 'Nothing is sent there, whatever is on air.', false],
  // The switch is heard before the state.
  [{ ...live, enabled: false }, 'Nothing is sent there, whatever is on air.', false],
])('says of %j: %s', (row, words, isBad) => {
  expect(wordsOf(row)).toEqual({ words, isBad });
});

it('keeps the moment of a connection while its age is rounded, and takes that of the next', () => {
  expect(steady(null, 10_000)).toBe(10_000);
  expect(steady(10_000, 10_900)).toBe(10_000);
  expect(steady(10_000, 9_100)).toBe(10_000);
  expect(steady(10_000, 14_000)).toBe(14_000);
  expect(steady(10_000, null)).toBeNull();
});
