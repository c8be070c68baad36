import type { LiveEvent } from '../../live/frames';

export interface Filter {
  /** The beginning of the types, "program"; empty: all. */
  family: string;
  channel: string;
  /** Milliseconds since 1970; null: from the beginning. */
  since: number | null;
}

/** Is it among what is asked for? What is told more than kept (the progress of uploads) is not of the journal. */
export function isWanted(event: LiveEvent, { family, channel, since }: Filter): boolean {
  return (
    event.type !== 'media.uploading' &&
    (family === '' || event.type.startsWith(`${family}.`)) &&
    (channel === '' || event.channel === channel) &&
    (since === null || Date.parse(event.time) >= since)
  );
}

/** The pages of the journal with what came after them, newest first, each once. */
export function merged(live: readonly LiveEvent[], pages: readonly (readonly LiveEvent[])[], filter: Filter): LiveEvent[] {
  const known = new Set<string>();
  const newest = pages[0]?.[0];
  const from = newest === undefined ? -Infinity : Date.parse(newest.time);
  // Older ones that the WebSocket has told are in the pages, or will be when one scrolls there.
  const fresh = live.filter(event => Date.parse(event.time) >= from);
  return [...fresh, ...pages.flat()].filter(event => {
    if (known.has(event.id) || !isWanted(event, filter)) return false;
    known.add(event.id);
    return true;
  });
}

/** Did the last page go back to before what is asked for? */
export const isThere = (last: readonly LiveEvent[], since: number | null): boolean => {
  const oldest = last.at(-1);
  return since !== null && oldest !== undefined && Date.parse(oldest.time) < since;
};

/** "Saturday, 31 January", as a heading above the events of a day. */
export const dayOf = (time: string): string => new Date(time).toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
