import { expect, it } from 'vitest';
import type { BroadcastReport, Status } from '../../api/types';
import { grown } from './growing';
import { timelineOf } from './timeline';

const start = Date.parse('2026-01-31T12:00:00Z');
const destination = { id: 'd', name: 'Twitch', connects: 1, lost: 0, framesSent: 500, framesDropped: 3, bytesSent: 9_000, lastError: null, moments: [] };
const report: BroadcastReport = {
  id: 'x', channel: 'main', startedAt: new Date(start).toISOString(), endedAt: null, endReason: null, seconds: 10, secondsOnFallback: 0, secondsDown: 0, switches: 0, largestVideoGapMs: 0,
  largestAudioGapMs: 0, omitted: 0, segments: [{ at: new Date(start).toISOString(), shows: 'fallback', source: null, reason: null }], destinations: [destination],
};
const status = (startedAt: number, bytesSent: number) =>
  ({ startedAt: new Date(startedAt).toISOString(), destinations: [{ id: 'd', framesSent: 700, framesDropped: 1, bytesSent }] }) as unknown as Status;

it('grows with the clock and with what the status tells', () => {
  const now = grown(report, timelineOf(report, start + 42_000), status(start + 6, 12_000));
  expect(now).toMatchObject({ seconds: 42, secondsOnFallback: 42, destinations: [{ framesSent: 700, framesDropped: 3, bytesSent: 12_000 }] });
});

it('takes nothing from the status of another broadcast', () => {
  expect(grown(report, timelineOf(report, start + 42_000), status(start + 60_000, 12_000)).destinations[0]?.bytesSent).toBe(9_000);
});
