import { Plus, Share2 } from 'lucide-react';
import { Link, useParams } from 'wouter';
import { PageHead } from '../../app/page-head';
import { ChannelChoice } from '../../live/channel-choice';
import { liveWay, wayOf } from '../../live/channel-ways';
import { useLive, useServerNow, useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { clock, timeOfDay } from '../../ui/format';
import type { Status } from '../../api/types';
import { airState } from './air-state';
import { Controls } from './controls';
import { DestinationRow } from './destination-row';
import { describe, sentence } from './journal';
import { Preview } from './preview';
import { SourceCard } from './source-card';
import './live.css';

/** Entries in the strip; the journal has the rest. */
const shownEvents = 30;

export default function LivePage() {
  const { channel = 'main' } = useParams<{ channel?: string }>();
  const status = useStatus(channel);
  return (
    <>
      <PageHead title={channel === 'main' ? 'Live' : `Live: ${channel}`}>
        <ChannelChoice channel={channel} wayTo={liveWay} />
      </PageHead>
      {status === null ? <div className="live-wait" role="status" aria-label="Loading" /> : <Live status={status} />}
    </>
  );
}

function Live({ status }: { status: Status }) {
  const isOnAir = status.state === 'live' || status.state === 'fallback';
  return (
    <div className="live">
      <div className="live-main">
        <section className="card program" aria-label="Program">
          <AirBanner status={status} />
          <Preview channel={status.channel} isOnAir={isOnAir} emptyText={status.state === 'waiting' ? 'The program begins when your encoder does.' : 'Off air'} />
          <Controls status={status} />
        </section>
      </div>
      <div className="live-side">
        <SourceCard status={status} />
        <Journal channel={status.channel} />
      </div>
      <Destinations status={status} />
    </div>
  );
}

/** The state that nobody may misread: colour, icon, words, and what it means for viewers. */
function AirBanner({ status }: { status: Status }) {
  const now = useServerNow();
  const events = useLive(state => state.events);
  const air = airState(status, events, now);
  const Icon = air.icon;
  return (
    <div className={`air air-${air.kind}`}>
      <Icon size={26} aria-hidden />
      <div className="air-words">
        <p className="air-state numbers" data-testid="air-state">
          {air.words}
        </p>
        <p>{air.meaning}</p>
      </div>
      {status.startedAt !== null && (
        <dl className="air-time numbers">
          <dt>On air</dt>
          <dd>{clock((now - Date.parse(status.startedAt)) / 1_000)}</dd>
        </dl>
      )}
      {/* Read out when it changes, but not every second. */}
      <span className="hidden-visually" role="status">
        {air.words.replace(/ [\d:]+$/, '')}
      </span>
    </div>
  );
}

function Destinations({ status }: { status: Status }) {
  const mayManage = useMay('manage');
  const arriving = status.destinations.filter(({ verdict }) => verdict === 'delivering').length;
  const wanted = status.destinations.filter(({ enabled }) => enabled).length;
  return (
    <section className="card live-destinations" aria-labelledby="destinations">
      <div className="card-head">
        <div className="row">
          <h2 id="destinations">Destinations</h2>
          {wanted > 0 && status.startedAt !== null && <span className="soft small numbers">{`arrives at ${arriving} of ${wanted}`}</span>}
        </div>
        {mayManage && (
          <Link href={wayOf('/start/destination', status.channel)} className="button button-small">
            <Plus size={16} aria-hidden />
            Add
          </Link>
        )}
      </div>
      {status.destinations.length === 0 ? (
        <div className="live-empty">
          <Share2 size={26} aria-hidden />
          <p>
            <strong>The program goes nowhere yet.</strong>
          </p>
          <p className="soft">Add Twitch, YouTube or any RTMP server: each has a row here, and trouble with one never touches the others.</p>
        </div>
      ) : (
        <ul>
          {status.destinations.map(row => (
            <DestinationRow key={row.id} channel={status.channel} row={row} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Journal({ channel }: { channel: string }) {
  const events = useLive(state => state.events);
  const entries = events
    .filter(event => event.channel === channel || event.channel === null)
    .flatMap(event => {
      const entry = describe(event);
      return entry ? [{ ...entry, id: event.id, time: event.time }] : [];
    })
    .slice(0, shownEvents);
  return (
    <section className="card journal" aria-labelledby="journal">
      <div className="card-head">
        <h2 id="journal">What happened</h2>
      </div>
      {entries.length === 0 ? (
        <p className="soft live-empty">Nothing yet.</p>
      ) : (
        // A list that scrolls must be reachable by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <ol tabIndex={0} aria-labelledby="journal">
          {entries.map(({ id, time, text, tone }) => (
            <li key={id}>
              <time className="numbers soft" dateTime={time}>
                {timeOfDay(time)}
              </time>
              <span className={`journal-dot tone-${tone}`} aria-hidden />
              <span>{sentence(text)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
