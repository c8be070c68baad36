import type { DestinationStatus } from '../../api/types';

type Row = Pick<DestinationStatus, 'enabled' | 'state' | 'verdict' | 'attempts' | 'lastError'>;

/** What is the matter with a destination, in a sentence or two; `isBad`: something that somebody should look at. */
export function wordsOf(row: Row): { words: string; isBad: boolean } {
  const calm = (words: string) => ({ words, isBad: false });
  const bad = (words: string) => ({ words, isBad: true });
  if (!row.enabled || row.state === 'disabled') return calm('Nothing is sent there, whatever is on air.');
  const why = row.lastError === null ? '' : `${row.lastError} `;
  if (row.state === 'failed') return bad(`${why}It is not tried any more. Switch it off and on to begin anew.`);
  if (row.state === 'idle') return calm(row.lastError === null ? 'It is connected as soon as the channel is on air.' : `It is connected as soon as the channel is on air. Last time: ${row.lastError}`);
  if (row.state === 'live') return row.verdict === 'stalled' ? bad(row.lastError ?? 'The server takes nothing.') : calm('The server takes the program as it is made.');
  return row.lastError === null ? calm('It is being connected.') : bad(row.lastError);
}

/** Moments that are computed from a time and an age differ by fractions of a second from one frame to the next. */
const sameMomentMs = 1_500;

/** When a connection began: the moment known before, unless it is another. Both milliseconds; null: there is none. */
export function steady(before: number | null, next: number | null): number | null {
  return before !== null && next !== null && Math.abs(next - before) < sameMomentMs ? before : next;
}
