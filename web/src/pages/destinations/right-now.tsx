import { useRef, type ReactNode } from 'react';
import type { Destination, DestinationStatus } from '../../api/types';
import { useServerNow } from '../../live/live';
import { WatchLink } from '../../platforms/watch-link';
import { bitrate, bytes, clock, frames, timeOfDay } from '../../ui/format';
import { dateTime } from '../../ui/time';
import { steady, wordsOf } from './now';
import { VerdictBadge } from './verdict-badge';

const none = '–';
const dayMs = 86_400_000;

interface Props {
  /** What is told live; null: nothing yet. */
  row: DestinationStatus | null;
  destination: Destination;
  isEnabled: boolean;
  /** Its switch. */
  children: ReactNode;
}

/** All that is known of a destination at this moment. Every figure has its place at all times, so that nothing moves when one comes. */
export function RightNow({ row, destination, isEnabled, children }: Props) {
  const shown = row ?? { ...destination, enabled: isEnabled, attempts: 0 };
  const { words, isBad } = wordsOf(shown);
  const now = useServerNow();
  const began = useRef<number | null>(null);
  began.current = steady(began.current, row?.state === 'live' ? now - row.uptimeSeconds * 1_000 : null);
  return (
    <section className="card now" aria-labelledby="right-now">
      <div className="now-head">
        <h2 id="right-now">Right now</h2>
        <VerdictBadge row={shown} />
        <WatchLink name={destination.name} url={row?.playbackUrl ?? destination.playbackUrl} />
        <span className="now-switch">
          <span className="soft small">{isEnabled ? 'Takes part in broadcasts' : 'Switched off'}</span>
          {children}
        </span>
      </div>
      <p className="now-words numbers">
        <span className={isBad ? 'now-bad' : ''}>{words}</span>
        {began.current !== null && <span className="soft">{` Connected since ${now - began.current < dayMs ? timeOfDay(began.current) : dateTime(began.current)}.`}</span>}
      </p>
      <Figures row={row} now={now} />
    </section>
  );
}

function Figures({ row, now }: { row: DestinationStatus | null; now: number }) {
  const live = (value: (row: DestinationStatus) => string) => (row?.state === 'live' ? value(row) : none);
  const told = (value: (row: DestinationStatus) => string) => (row === null ? none : value(row));
  return (
    <dl className="now-figures numbers">
      <Figure name="Connected for" value={live(({ uptimeSeconds }) => clock(uptimeSeconds))} />
      <Figure name="Bitrate" value={live(({ bitrateKbps }) => bitrate(bitrateKbps))} />
      <Figure name="Frames a second" value={live(({ fps }) => frames(fps))} />
      <Figure name="Queue" value={live(({ queueMs }) => `${(queueMs / 1_000).toFixed(1)} s`)} isBad={(row?.queueMs ?? 0) >= 1_000} />
      <Figure name="Round trip" value={live(({ roundTripMs }) => (roundTripMs > 0 ? `${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms` : none))} />
      <Figure name="Not acknowledged" value={live(({ unackedBytes }) => bytes(unackedBytes))} />
      <Figure name="Frames sent" value={told(({ framesSent }) => framesSent.toLocaleString())} />
      <Figure name="Frames dropped" value={told(({ framesDropped }) => framesDropped.toLocaleString())} isBad={(row?.framesDropped ?? 0) > 0} />
      <Figure name="Sent" value={told(({ bytesSent }) => bytes(bytesSent))} />
      <Figure name="Connects" value={told(({ connects }) => connects.toLocaleString())} isBad={(row?.connects ?? 0) > 1} />
      <Figure name="Attempts" value={told(({ attempts }) => attempts.toLocaleString())} isBad={(row?.attempts ?? 0) > 1} />
      <Figure name="Next try" value={told(row => (row.state === 'connecting' ? 'now' : nextTry(row.nextRetryAt, now)))} />
    </dl>
  );
}

function Figure({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isBad ? 'figure-warn' : ''}>{value}</dd>
    </div>
  );
}

function nextTry(at: string | null, now: number): string {
  if (at === null) return none;
  const seconds = Math.ceil((Date.parse(at) - now) / 1_000);
  return seconds > 0 ? `in ${seconds} s` : 'now';
}
