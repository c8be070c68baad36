import { expect, it } from 'vitest';
import type { BroadcastReport } from '../../api/types';
import { happenings, secondsOf, spanAt, ticks, timelineOf } from './timeline';

const start = Date.parse('2026-01-31T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

const report: BroadcastReport = {
  id: 'x',
  channel: 'main',
  startedAt: at(0),
  endedAt: at(100),
  endReason: 'operator',
  seconds: 100,
  secondsOnFallback: 20,
  secondsDown: 10,
  switches: 2,
  largestVideoGapMs: 33.3,
  largestAudioGapMs: 21.3,
  omitted: 0,
  segments: [
    { at: at(0.006), shows: 'source', source: 'main', reason: 'start' },
    { at: at(40), shows: 'fallback', source: null, reason: 'crash' },
    { at: at(55), shows: 'source', source: 'main', reason: 'return' },
    { at: at(80), shows: 'down', source: null, reason: null },
    { at: at(90), shows: 'fallback', source: null, reason: null },
    { at: at(95), shows: 'source', source: 'backup', reason: 'return' },
  ],
  destinations: [
    {
      id: 'd',
      name: 'Twitch',
      connects: 2,
      lost: 0,
      framesSent: 1,
      framesDropped: 0,
      bytesSent: 1,
      lastError: null,
      moments: [
        { at: at(0), state: 'connecting', reason: null },
        { at: at(1), state: 'live', reason: null },
        { at: at(50), state: 'stalled', reason: 'The server has acknowledged nothing for 6 s.' },
        { at: at(60), state: 'recovered', reason: null },
        { at: at(91), state: 'connecting', reason: null },
        { at: at(92), state: 'live', reason: null },
      ],
    },
  ],
};

const short = (spans: readonly { from: number; to: number; label: string }[]) => spans.map(span => [(span.from - start) / 1_000, (span.to - start) / 1_000, span.label]);

it('has one stretch for each thing that was on the program, without a hole', () => {
  expect(short(timelineOf(report, 0).program.spans)).toEqual([
    [0, 40, 'Main source'],
    [40, 55, 'Fallback'],
    [55, 80, 'Main source'],
    [80, 90, 'Server down'],
    [90, 95, 'Fallback'],
    [95, 100, 'Backup source'],
  ]);
});

it('shows nothing of a destination while the server was down, and live again after it recovered', () => {
  const lane = timelineOf(report, 0).destinations[0];
  expect(short(lane?.spans ?? [])).toEqual([
    [0, 1, 'Connecting'],
    [1, 50, 'Live'],
    [50, 60, 'Stalled'],
    [60, 80, 'Live'],
    [90, 91, 'Live'],
    [91, 92, 'Connecting'],
    [92, 100, 'Live'],
  ]);
});

it('ends at now while it is on air', () => {
  const timeline = timelineOf({ ...report, endedAt: null }, start + 130_000);
  expect(timeline.to).toBe(start + 130_000);
  expect(timeline.program.spans.at(-1)?.to).toBe(start + 130_000);
  expect(secondsOf(timeline.program, 'fallback')).toBe(20);
});

it('makes one stretch of what is told again and again', () => {
  const refused = { state: 'retrying', reason: 'The server refuses connections on this port.' };
  const destination = { ...report.destinations[0], id: 'e', name: 'Screen', moments: [0, 10, 70].map(second => ({ at: at(second), ...refused })) } as BroadcastReport['destinations'][number];
  const calm = { ...report, segments: report.segments.slice(0, 1), destinations: [destination] };
  expect(short(timelineOf(calm, 0).destinations[0]?.spans ?? [])).toEqual([[0, 100, 'Retrying']]);
});

it('says what was on at a moment', () => {
  const { program } = timelineOf(report, 0);
  expect(spanAt(program, start + 47_000)).toMatchObject({ kind: 'fallback', reason: 'The connection of the source broke.' });
  expect(spanAt(program, start - 1)).toBeNull();
});

it.each([
  [80, 8, [0, 10, 20, 30, 40, 50, 60, 70]],
  [3_600 * 4, 5, [0, 3_600, 7_200, 10_800]],
  [0.5, 8, [0]],
])('marks %f seconds at round ones', (seconds, most, expected) => expect(ticks(seconds, most)).toEqual(expected));

it('marks days of a broadcast that goes on for weeks', () => expect(ticks(86_400 * 40, 8).length).toBeLessThanOrEqual(9));

it('tells everything in order of time', () => {
  const all = happenings(timelineOf(report, 0));
  expect(all.map(({ at: time }) => time)).toEqual(all.map(({ at: time }) => time).sort((a, b) => a - b));
  expect(all).toHaveLength(13);
});
