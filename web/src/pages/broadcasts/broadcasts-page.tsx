import { useQuery } from '@tanstack/react-query';
import { CircleDot, Clapperboard, LifeBuoy } from 'lucide-react';
import { Link, useParams } from 'wouter';
import { api } from '../../api/client';
import type { BroadcastSummary } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useServerNow } from '../../live/live';
import { Badge } from '../../ui/badge';
import { Empty } from '../../ui/empty';
import { Loaded } from '../../ui/query';
import { Cell, Table, type Column } from '../../ui/table';
import { dateTime, duration } from '../../ui/time';
import { ReportPage } from './report-page';
import { endWords } from './timeline';
import './broadcasts.css';

/** All broadcasts, or the report of one. */
export default function BroadcastsPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <List /> : <ReportPage key={id} id={id} />;
}

const columns: readonly Column[] = [
  { title: 'Broadcast' },
  { title: 'Length', isNumber: true },
  { title: 'On fallback', isNumber: true },
  { title: 'Switches', isNumber: true },
  { title: 'Destinations', isNumber: true },
  { title: 'End' },
];

function List() {
  const query = useQuery({ queryKey: ['broadcasts'], queryFn: () => api.get('/api/broadcasts') });
  return (
    <>
      <PageHead title="Broadcasts" lead="What happened in each broadcast, to the second: what was shown, how long the fallback stood in, and how every destination did." />
      <section className="card">
        <Loaded query={query} height={240}>
          {broadcasts =>
            broadcasts.length === 0 ? (
              <Empty icon={Clapperboard} title="No broadcast yet">
                Go on air once, and its report is here: already while it runs.
              </Empty>
            ) : (
              <Table caption="Broadcasts" columns={columns}>
                {[...broadcasts]
                  .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
                  .map(broadcast => (
                    <Row key={broadcast.id} broadcast={broadcast} hasChannel={broadcasts.some(({ channel }) => channel !== 'main')} />
                  ))}
              </Table>
            )
          }
        </Loaded>
      </section>
    </>
  );
}

function Row({ broadcast, hasChannel }: { broadcast: BroadcastSummary; hasChannel: boolean }) {
  const { id, channel, startedAt, endedAt, endReason, seconds, secondsOnFallback, switches, destinations } = broadcast;
  return (
    <tr>
      <Cell isMain>
        <Link href={`/broadcasts/${encodeURIComponent(id)}`} className="numbers">
          {dateTime(startedAt)}
        </Link>
        {hasChannel && <span className="soft small"> · {channel}</span>}
      </Cell>
      <Cell label="Length" isNumber>
        {endedAt === null ? <Running since={startedAt} /> : duration(seconds)}
      </Cell>
      <Cell label="On fallback" isNumber>
        {secondsOnFallback >= 0.05 ? (
          <span className="with-icon">
            <LifeBuoy size={14} aria-hidden className="ink-warn" />
            {duration(secondsOnFallback)}
          </span>
        ) : (
          <span className="soft">none</span>
        )}
      </Cell>
      <Cell label="Switches" isNumber>
        {switches}
      </Cell>
      <Cell label="Destinations" isNumber>
        {destinations}
      </Cell>
      <Cell label="End">
        {endedAt === null ? (
          <Badge tone="good" icon={CircleDot}>
            On air
          </Badge>
        ) : (
          endWords(endReason)
        )}
      </Cell>
    </tr>
  );
}

function Running({ since }: { since: string }) {
  return duration(Math.max(0, (useServerNow() - Date.parse(since)) / 1_000));
}
