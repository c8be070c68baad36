import type { BroadcastReport } from '../../api/types';

/** What a stretch of a lane means; each has a colour, a pattern and a word. */
export type SpanKind = 'source' | 'fallback' | 'down' | 'connecting' | 'live' | 'retrying' | 'stalled' | 'failed' | 'off';

/** A stretch of a lane, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly kind: SpanKind;
  /** In words: "Main source", "Fallback", "Retrying". */
  readonly label: string;
  /** Why, in words; null: it needs no reason. */
  readonly reason: string | null;
}

export interface Lane {
  readonly id: string;
  readonly name: string;
  readonly spans: readonly Span[];
}

export interface Timeline {
  readonly from: number;
  readonly to: number;
  readonly program: Lane;
  readonly destinations: readonly Lane[];
}

/** Why the program changed: the words of the API for people. */
const switchReasons: Readonly<Record<string, string>> = {
  start: 'The broadcast began.',
  crash: 'The connection of the source broke.',
  stall: 'Nothing came from the source any more.',
  cleanEnd: 'The encoder stopped.',
  return: 'The program returned to the source.',
  operator: 'Somebody chose it.',
  formatChange: 'The source changed its format.',
};

const endReasons: Readonly<Record<string, string>> = {
  operator: 'Ended by somebody',
  fallbackLimit: 'Too long on fallback',
  sourceLost: 'The source was lost',
  shutdown: 'The server was stopped',
  interrupted: 'The server went down',
};

/** Why a broadcast ended; null: it is on air. */
export const endWords = (reason: string | null): string | null => (reason === null ? null : (endReasons[reason] ?? reason));

/** "main" → "Main source". */
export function sourceName(id: string | null): string {
  if (id === null) return 'Source';
  return id === 'main' ? 'Main source' : id === 'backup' ? 'Backup source' : `Source ${id}`;
}

const states: Readonly<Record<string, { kind: SpanKind; label: string }>> = {
  connecting: { kind: 'connecting', label: 'Connecting' },
  live: { kind: 'live', label: 'Live' },
  recovered: { kind: 'live', label: 'Live' },
  retrying: { kind: 'retrying', label: 'Retrying' },
  stalled: { kind: 'stalled', label: 'Stalled' },
  failed: { kind: 'failed', label: 'Given up' },
  disabled: { kind: 'off', label: 'Switched off' },
};

const stateOf = (state: string) => states[state] ?? { kind: 'off' as const, label: state };

interface Mark {
  at: number;
  kind: SpanKind;
  label: string;
  reason: string | null;
}

/** Stretches from each mark to the next; the last one goes to `to`. Equal neighbours are one, with the first one's reason. */
function stretches(marks: readonly Mark[], from: number, to: number): Span[] {
  const spans: Span[] = [];
  for (const [index, { at, ...what }] of marks.entries()) {
    const begin = Math.min(Math.max(at, from), to);
    const end = Math.min(Math.max(marks[index + 1]?.at ?? to, begin), to);
    const last = spans.at(-1);
    if (last?.kind === what.kind && last.label === what.label && last.to === begin && (what.reason === null || last.reason === what.reason)) spans[spans.length - 1] = { ...last, to: end };
    else if (end > begin) spans.push({ from: begin, to: end, ...what });
  }
  return spans;
}

/** A server that is down sends nothing: its time is cut out of a destination's lane. */
function without(spans: readonly Span[], down: readonly Span[]): Span[] {
  return down.reduce<Span[]>(
    (rest, hole) =>
      rest.flatMap(span => {
        if (span.to <= hole.from || span.from >= hole.to) return [span];
        const before = span.from < hole.from ? [{ ...span, to: hole.from }] : [];
        const after = span.to > hole.to ? [{ ...span, from: hole.to }] : [];
        return [...before, ...after];
      }),
    [...spans],
  );
}

/** The report as stretches of time. `now` is the end of one that is on air. */
export function timelineOf(report: BroadcastReport, now: number): Timeline {
  const from = Date.parse(report.startedAt);
  const to = Math.max(from + 1, report.endedAt === null ? now : Date.parse(report.endedAt));
  const program = stretches(
    report.segments.map(({ at, shows, source, reason }, index) => ({
      // The broadcast begins some milliseconds before what it begins with is known.
      at: index === 0 && report.omitted === 0 ? from : Date.parse(at),
      kind: shows === 'source' ? 'source' : shows === 'down' ? 'down' : 'fallback',
      label: shows === 'source' ? sourceName(source) : shows === 'down' ? 'Server down' : 'Fallback',
      reason: reason === null ? (shows === 'down' ? 'The server was not running; the broadcast went on afterwards.' : null) : (switchReasons[reason] ?? reason),
    })),
    from,
    to,
  );
  const down = program.filter(span => span.kind === 'down');
  return {
    from,
    to,
    program: { id: 'program', name: 'Program', spans: program },
    destinations: report.destinations.map(({ id, name, moments }) => ({
      id,
      name,
      spans: without(
        stretches(
          moments.map(({ at, state, reason }) => ({ at: Date.parse(at), ...stateOf(state), reason })),
          from,
          to,
        ),
        down,
      ),
    })),
  };
}

/** What a lane shows at a moment; null: nothing yet. */
export const spanAt = (lane: Lane, at: number): Span | null => lane.spans.findLast(span => span.from <= at && at <= span.to) ?? null;

/** Seconds in which a lane was of this kind. */
export const secondsOf = (lane: Lane, kind: SpanKind): number => lane.spans.reduce((sum, span) => (span.kind === kind ? sum + (span.to - span.from) / 1_000 : sum), 0);

/** Steps that people count in, seconds. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];

/** Ticks of the axis in seconds since the start: round ones, at most `most` of them, none in the last twentieth, where its label would stand out of the picture. */
export function ticks(seconds: number, most: number): number[] {
  const step = steps.find(one => seconds / one <= most) ?? Math.ceil(seconds / most / 86_400) * 86_400;
  const found: number[] = [];
  for (let at = 0; at <= seconds * 0.95; at += step) found.push(at);
  return found;
}

/** Something that happened, for the list below the timeline. */
export interface Happening {
  readonly at: number;
  readonly who: string;
  readonly kind: SpanKind;
  readonly what: string;
  readonly reason: string | null;
  /** How long it was so, seconds. */
  readonly seconds: number;
}

/** All stretches of all lanes in order. */
export function happenings(timeline: Timeline): Happening[] {
  return [timeline.program, ...timeline.destinations]
    .flatMap(lane => lane.spans.map(({ from, to, kind, label, reason }) => ({ at: from, who: lane.name, kind, what: label, reason, seconds: (to - from) / 1_000 })))
    .sort((a, b) => a.at - b.at);
}
