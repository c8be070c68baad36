import type { Log } from '../../api/types';

/** As many as the server keeps. */
export const keptEntries = 1_000;

/** What was known with what came after it. */
export function grownLog(before: Log | undefined, news: Log): Log {
  if (before === undefined) return news;
  if (news.entries.length === 0) return before;
  return { entries: [...before.entries, ...news.entries].slice(-keptEntries), next: news.next };
}
