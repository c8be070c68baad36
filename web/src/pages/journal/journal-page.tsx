import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ChevronDown, CircleAlert, CircleCheck, Dot, Info, LoaderCircle, ScrollText, TriangleAlert } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { api } from '../../api/client';
import { wordsOf } from '../../api/problem';
import { PageHead } from '../../app/page-head';
import type { LiveEvent } from '../../live/frames';
import { useLive } from '../../live/live';
import { useMay } from '../../session/session';
import type { Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { timeOfDay } from '../../ui/format';
import { Notice } from '../../ui/notice';
import { actorName } from '../live/journal';
import { dayOf, isThere, merged, type Filter } from './filter';
import { describeAny } from './words';
import './journal.css';

const icons: Readonly<Record<Tone, typeof Info>> = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, calm: Info, off: Dot };

const families = [
  { value: '', label: 'Everything' },
  { value: 'program', label: 'Programs' },
  { value: 'source', label: 'Sources' },
  { value: 'destination', label: 'Destinations' },
  { value: 'connection', label: 'Connections' },
  { value: 'media', label: 'Media' },
  { value: 'key', label: 'Keys' },
  { value: 'webhook', label: 'Webhooks' },
  { value: 'server', label: 'The server' },
] as const;

const pageSize = 100;

/** What happened, newest first; goes on by itself, and back as far as one scrolls. */
export default function JournalPage() {
  const [family, setFamily] = useState('');
  const [channel, setChannel] = useState('');
  const [since, setSince] = useState('');
  const seesAudit = useMay('administer');
  const mayManage = useMay('manage');
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  const start = since === '' ? NaN : new Date(since).getTime();
  const filter = useMemo<Filter>(() => ({ family, channel, since: Number.isNaN(start) ? null : start }), [channel, family, start]);
  return (
    <>
      <PageHead title="Journal" lead="Everything that happened, newest first. What happens now appears by itself.">
        {mayManage && (
          <Link href="/log" className="button">
            <ScrollText size={16} aria-hidden />
            Server log
          </Link>
        )}
      </PageHead>
      <section className="card" aria-label="Journal">
        <div className="card-head filters">
          <label>
            <span>About</span>
            <select className="input" value={family} onChange={event => setFamily(event.target.value)}>
              {[...families, ...(seesAudit ? [{ value: 'audit', label: 'Who changed what' }] : [])].map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>Channel</span>
            <select className="input" value={channel} onChange={event => setChannel(event.target.value)}>
              <option value="">All</option>
              {(channels.data ?? []).map(({ id }) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>Since</span>
            <input className="input" type="datetime-local" value={since} onChange={event => setSince(event.target.value)} />
          </label>
        </div>
        <Events key={JSON.stringify(filter)} filter={filter} />
      </section>
    </>
  );
}

function Events({ filter }: { filter: Filter }) {
  const live = useLive(state => state.events);
  const query = useInfiniteQuery({
    queryKey: ['events', filter],
    queryFn: ({ pageParam }) =>
      api.get('/api/events', {
        query: {
          limit: pageSize,
          ...(pageParam === '' ? {} : { before: pageParam }),
          ...(filter.family === '' ? {} : { type: filter.family }),
          ...(filter.channel === '' ? {} : { channel: filter.channel }),
        },
      }),
    initialPageParam: '',
    getNextPageParam: last => (last.next === null || isThere(last.events as LiveEvent[], filter.since) ? undefined : last.next),
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const events = merged(
    live,
    (query.data?.pages ?? []).map(page => page.events as LiveEvent[]),
    filter,
  );
  const end = useRef<HTMLDivElement>(null);
  const count = query.data?.pages.length ?? 0;
  useEffect(() => {
    const element = end.current;
    if (element === null || !hasNextPage || isFetchingNextPage) return;
    // Begun before the end is seen, so that one scrolls without waiting.
    const observer = new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && void fetchNextPage(), { rootMargin: '600px' });
    observer.observe(element);
    return () => observer.disconnect();
    // count: a page that brought nothing leaves the end where it is, and is to be looked at again.
  }, [count, fetchNextPage, hasNextPage, isFetchingNextPage]);
  // A node of its own: the end of the list does not jump down from the top when the list comes.
  if (query.isLoading) {
    return (
      <div className="events-end" role="status">
        <LoaderCircle className="spinner" aria-label="Loading" />
      </div>
    );
  }
  return (
    <>
      {query.error !== null && (
        <div className="card-body">
          <Notice tone="bad" isAlert>
            {wordsOf(query.error)}
          </Notice>
        </div>
      )}
      {events.length === 0 && !query.isFetching && query.error === null ? (
        <Empty icon={ScrollText} title="Nothing of this kind">
          The journal keeps 30 days, unless it is set otherwise.
        </Empty>
      ) : (
        <ol className="events" aria-label="Events">
          {events.map((event, index) => {
            const day = dayOf(event.time);
            const before = events[index - 1];
            return (
              <li key={event.id}>
                {(before === undefined || dayOf(before.time) !== day) && <h2 className="day small">{day}</h2>}
                <Event event={event} />
              </li>
            );
          })}
        </ol>
      )}
      <div className="events-end" ref={end}>
        {query.isFetching ? (
          <LoaderCircle className="spinner" aria-label="Loading" />
        ) : hasNextPage ? (
          <Button onClick={() => void fetchNextPage()}>Show older</Button>
        ) : (
          events.length > 0 && <span className="soft small">This is all.</span>
        )}
      </div>
    </>
  );
}

function Event({ event }: { event: LiveEvent }) {
  const [isOpen, setOpen] = useState(false);
  const panel = useId();
  const { text, tone } = describeAny(event);
  const Icon = icons[tone];
  return (
    <>
      <button type="button" className="event" aria-expanded={isOpen} aria-controls={panel} onClick={() => setOpen(!isOpen)}>
        <time className="numbers soft small" dateTime={event.time}>
          {timeOfDay(event.time)}
        </time>
        <Icon size={16} aria-hidden className={`event-icon icon-${tone}`} />
        <span className="event-text">{text}</span>
        <span className="event-type soft small">{event.type}</span>
        <ChevronDown size={16} aria-hidden className={isOpen ? 'event-chevron is-open' : 'event-chevron'} />
      </button>
      {isOpen && (
        <dl className="event-details small" id={panel}>
          <dt>type</dt>
          <dd>
            <code>{event.type}</code>
          </dd>
          <dt>id</dt>
          <dd>
            <code>{event.id}</code>
          </dd>
          <dt>time</dt>
          <dd>
            <code>{event.time}</code>
          </dd>
          {event.channel !== null && (
            <>
              <dt>channel</dt>
              <dd>{event.channel}</dd>
            </>
          )}
          {event.actor !== null && (
            <>
              <dt>actor</dt>
              <dd>{actorName(event.actor)}</dd>
            </>
          )}
          {Object.entries(event.data).map(([name, value]) => (
            <Detail key={name} name={name} value={value} />
          ))}
        </dl>
      )}
    </>
  );
}

function Detail({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
    </>
  );
}
