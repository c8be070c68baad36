import { useState, type PointerEvent } from 'react';
import { clock } from '../../ui/format';
import { duration, timeOfDayExact } from '../../ui/time';
import { secondsOf, spanAt, ticks, type Lane, type Timeline } from './timeline';

/** Ticks of the axis: as many as a phone has room for; a wide screen shows the same. */
const mostTicks = 6;

/** Steps of the cursor by keyboard: a hundredth of the picture each. */
const cursorSteps = 100;

/**
 * One lane for the program and one for each destination. A cursor, by pointer or arrow keys, tells what every lane was at that moment.
 */
export function TimelineView({ timeline }: { timeline: Timeline }) {
  const { from, to } = timeline;
  const [cursor, setCursor] = useState<number | null>(null);
  const length = to - from;
  const place = (time: number) => `${((time - from) / length) * 100}%`;
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setCursor(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  const at = cursor === null ? null : from + cursor * length;
  const lanes = [timeline.program, ...timeline.destinations];
  return (
    <div className="timeline">
      <div className="timeline-grid">
        <div className="lane-names">
          <p className="soft small numbers timeline-at">{at === null ? 'Since the start' : `${clock((at - from) / 1_000)} · ${timeOfDayExact(at)}`}</p>
          {lanes.map(lane => (
            <div key={lane.id} className="lane-name">
              <strong>{lane.name}</strong>
              <span className="soft small numbers">{at === null ? summary(lane, length) : (spanAt(lane, at)?.label ?? 'Nothing')}</span>
            </div>
          ))}
        </div>
        {/* The slider below is the same for the keyboard. */}
        <div className="lanes" onPointerMove={point} onPointerDown={point} onPointerLeave={() => setCursor(null)}>
          <div className="axis small numbers" aria-hidden>
            {ticks(length / 1_000, mostTicks).map(second => (
              <span key={second} style={{ left: place(from + second * 1_000) }}>
                {clock(second)}
              </span>
            ))}
          </div>
          {lanes.map(lane => (
            <div key={lane.id} className="lane" role="img" aria-label={`${lane.name}: ${spoken(lane)}`}>
              {lane.spans.map(span => (
                <div key={`${span.from}-${span.kind}`} className={`span span-${span.kind}`} style={{ left: place(span.from), width: `${((span.to - span.from) / length) * 100}%` }}>
                  <span>{span.label}</span>
                </div>
              ))}
            </div>
          ))}
          {cursor !== null && <div className="cursor" style={{ left: `${cursor * 100}%` }} aria-hidden />}
          <input
            type="range"
            className="cursor-slider"
            aria-label="Moment in the timeline"
            aria-valuetext={at === null ? 'none' : `${clock((at - from) / 1_000)}. ${lanes.map(lane => `${lane.name}: ${spanAt(lane, at)?.label ?? 'nothing'}`).join('. ')}`}
            min={0}
            max={cursorSteps}
            value={Math.round((cursor ?? 0) * cursorSteps)}
            onChange={event => setCursor(Number(event.target.value) / cursorSteps)}
            onFocus={() => setCursor(now => now ?? 0)}
            onBlur={() => setCursor(null)}
          />
        </div>
      </div>
    </div>
  );
}

/** The lane in a few words, while the cursor is elsewhere. */
function summary(lane: Lane, length: number): string {
  if (lane.id === 'program') {
    const seconds = secondsOf(lane, 'fallback');
    return seconds >= 0.05 ? `${duration(seconds)} on fallback` : 'Source all the time';
  }
  const live = secondsOf(lane, 'live') * 1_000;
  return live === 0 ? 'Never live' : `${((live / length) * 100).toFixed(1)} % live`;
}

const spoken = (lane: Lane): string => lane.spans.map(span => `${span.label} for ${duration((span.to - span.from) / 1_000)}`).join(', ') || 'nothing';
