import type { BroadcastReport, Status } from '../../api/types';
import { secondsOf, type Timeline } from './timeline';

/**
 * A report of what is on air, as it is now: the times are those of the timeline, the counters those of the status, which comes each second. Counters never go back: after a restart of the server, or of
 * a destination, the status counts from zero, and the report knows more.
 */
export function grown(report: BroadcastReport, timeline: Timeline, status: Status | null): BroadcastReport {
  const isSame = status?.startedAt != null && Math.abs(Date.parse(status.startedAt) - Date.parse(report.startedAt)) < 1_000;
  return {
    ...report,
    seconds: (timeline.to - timeline.from) / 1_000,
    // Of a long broadcast the oldest stretches are not there any more; then the report's own figure is the better one.
    secondsOnFallback: Math.max(report.secondsOnFallback, secondsOf(timeline.program, 'fallback')),
    destinations: report.destinations.map(destination => {
      const live = isSame ? status.destinations.find(({ id }) => id === destination.id) : undefined;
      if (live === undefined) return destination;
      return {
        ...destination,
        framesSent: Math.max(destination.framesSent, live.framesSent),
        framesDropped: Math.max(destination.framesDropped, live.framesDropped),
        bytesSent: Math.max(destination.bytesSent, live.bytesSent),
      };
    }),
  };
}
