import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, CircleDot, Download, Printer, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { BroadcastReport } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useServerNow, useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { bytes } from '../../ui/format';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { Cell, Table } from '../../ui/table';
import { dateTime, duration, exactTime } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { Happenings } from './happenings';
import { grown } from './growing';
import { endWords, secondsOf, timelineOf, type Timeline } from './timeline';
import { TimelineView } from './timeline-view';

/** The report of one broadcast; grows while it is on air. */
export function ReportPage({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['broadcasts', id], queryFn: () => api.get('/api/broadcasts/{id}', { path: { id } }) as Promise<BroadcastReport> });
  const isGone = query.error instanceof ApiError && query.error.status === 404;
  if (isGone) {
    return (
      <>
        <PageHead title="There is no such broadcast" />
        <p>
          Its report may have been removed; the newest 500 are kept. <Link href="/broadcasts">All broadcasts</Link>.
        </p>
      </>
    );
  }
  return (
    <Loaded query={query} height={480}>
      {report => (report.endedAt === null ? <Growing report={report} /> : <Report report={report} timeline={timelineOf(report, 0)} />)}
    </Loaded>
  );
}

function Growing({ report }: { report: BroadcastReport }) {
  const now = useServerNow();
  const status = useStatus(report.channel);
  const timeline = timelineOf(report, now);
  const queries = useQueryClient();
  // The end is told a moment before it is in the report: who read it in between reads it again, with the next status.
  useEffect(() => {
    if (status !== null && (status.state === 'stopped' || status.state === 'waiting')) void queries.invalidateQueries({ queryKey: ['broadcasts', report.id] }, { cancelRefetch: false });
  }, [queries, report.id, status]);
  return <Report report={grown(report, timeline, status)} timeline={timeline} />;
}

function Report({ report, timeline }: { report: BroadcastReport; timeline: Timeline }) {
  const { channel, startedAt, endedAt, endReason } = report;
  const isOnAir = endedAt === null;
  return (
    <article className="report">
      <Link href="/broadcasts" className="way-back">
        <ArrowLeft size={16} aria-hidden />
        All broadcasts
      </Link>
      <PageHead
        title={`Broadcast of ${dateTime(startedAt)}`}
        lead={
          <span className="row">
            {isOnAir ? (
              <Badge tone="good" icon={CircleDot}>
                On air
              </Badge>
            ) : (
              <span>
                {endWords(endReason)}, {exactTime(endedAt)}
              </span>
            )}
            <span>Channel {channel}</span>
          </span>
        }
      >
        <Actions report={report} />
      </PageHead>
      <div className="stack report-parts">
        <Figures report={report} />
        <section className="card" aria-labelledby="timeline">
          <div className="card-head">
            <h2 id="timeline">Timeline</h2>
            <Legend timeline={timeline} />
          </div>
          <TimelineView timeline={timeline} />
        </section>
        {report.omitted > 0 && <Notice tone="warn">So much happened that the oldest {report.omitted} entries of the timelines were left out. The figures count all of it.</Notice>}
        <Destinations report={report} timeline={timeline} />
        <Happenings timeline={timeline} />
      </div>
    </article>
  );
}

function Actions({ report }: { report: BroadcastReport }) {
  const [isAsking, setAsking] = useState(false);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const mayManage = useMay('manage');
  const save = () => {
    const address = URL.createObjectURL(new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `broadcast-${report.id}.json`;
    link.click();
    URL.revokeObjectURL(address);
  };
  const remove = async () => {
    await api.delete('/api/broadcasts/{id}', { path: { id: report.id } });
    toast.good('The report was removed.');
    go('/broadcasts');
    queries.removeQueries({ queryKey: ['broadcasts', report.id] });
    await queries.invalidateQueries({ queryKey: ['broadcasts'] });
  };
  return (
    <>
      <Button onClick={save}>
        <Download size={16} aria-hidden />
        JSON
      </Button>
      <Button onClick={() => window.print()}>
        <Printer size={16} aria-hidden />
        Print
      </Button>
      {mayManage && report.endedAt !== null && (
        <Button className="button-bad" onClick={() => setAsking(true)}>
          <Trash2 size={16} aria-hidden />
          Remove
        </Button>
      )}
      <Confirm isOpen={isAsking} onOpenChange={setAsking} title={`Remove the report of ${dateTime(report.startedAt)}?`} action="Remove report" onConfirm={remove}>
        The timeline and all figures of this broadcast are gone for good. What the destinations have recorded is not touched.
      </Confirm>
    </>
  );
}

function Figures({ report }: { report: BroadcastReport }) {
  const lost = report.destinations.reduce((sum, destination) => sum + destination.lost, 0);
  return (
    <section className="card card-body" aria-label="Figures">
      <dl className="facts figures">
        <Figure name="Length" value={duration(report.seconds)} />
        <Figure name="On fallback" value={duration(report.secondsOnFallback)} note={report.seconds > 0 ? `${((report.secondsOnFallback / report.seconds) * 100).toFixed(1)} % of it` : undefined} />
        <Figure name="Switches" value={String(report.switches)} />
        <Figure name="Largest video gap" value={`${report.largestVideoGapMs.toFixed(1)} ms`} note="between two frames" />
        <Figure name="Largest audio gap" value={`${report.largestAudioGapMs.toFixed(1)} ms`} note="between two frames" />
        <Figure name="Connections lost" value={String(lost)} note="of all destinations" />
        <Figure name="Sent" value={bytes(report.destinations.reduce((sum, destination) => sum + destination.bytesSent, 0))} />
        {report.secondsDown > 0 && <Figure name="Server down" value={duration(report.secondsDown)} />}
      </dl>
    </section>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {note !== undefined && <dd className="figure-note">{note}</dd>}
    </div>
  );
}

const legend = [
  ['source', 'Source'],
  ['fallback', 'Fallback'],
  ['down', 'Server down'],
  ['live', 'Live'],
  ['connecting', 'Connecting'],
  ['stalled', 'Stalled'],
  ['retrying', 'Retrying'],
  ['failed', 'Given up'],
  ['off', 'Switched off'],
] as const;

/** Only what is in the picture. */
function Legend({ timeline }: { timeline: Timeline }) {
  const present = new Set([timeline.program, ...timeline.destinations].flatMap(lane => lane.spans.map(span => span.kind)));
  return (
    <ul className="legend small">
      {legend
        .filter(([kind]) => present.has(kind))
        .map(([kind, label]) => (
          <li key={kind}>
            <i className={`swatch span-${kind}`} aria-hidden />
            {label}
          </li>
        ))}
    </ul>
  );
}

function Destinations({ report, timeline }: { report: BroadcastReport; timeline: Timeline }) {
  if (report.destinations.length === 0) return <Notice tone="calm">This broadcast went to no destination.</Notice>;
  return (
    <section className="card" aria-labelledby="destinations">
      <div className="card-head">
        <h2 id="destinations">Destinations</h2>
      </div>
      <Table
        caption="Destinations"
        columns={[
          { title: 'Name' },
          { title: 'Live', isNumber: true },
          { title: 'Connects', isNumber: true },
          { title: 'Lost', isNumber: true },
          { title: 'Sent', isNumber: true },
          { title: 'Frames', isNumber: true },
          { title: 'Dropped', isNumber: true },
          { title: 'Last error' },
        ]}
      >
        {report.destinations.map((destination, index) => {
          const lane = timeline.destinations[index];
          const all = destination.framesSent + destination.framesDropped;
          return (
            <tr key={destination.id}>
              <Cell isMain>{destination.name}</Cell>
              <Cell label="Live" isNumber>
                {lane === undefined ? '' : duration(secondsOf(lane, 'live'))}
              </Cell>
              <Cell label="Connects" isNumber>
                {destination.connects}
              </Cell>
              <Cell label="Lost" isNumber>
                {destination.lost}
              </Cell>
              <Cell label="Sent" isNumber>
                {bytes(destination.bytesSent)}
              </Cell>
              <Cell label="Frames" isNumber>
                {destination.framesSent.toLocaleString()}
              </Cell>
              <Cell label="Dropped" isNumber>
                {destination.framesDropped === 0 ? (
                  <span className="soft">none</span>
                ) : (
                  `${destination.framesDropped.toLocaleString()} (${((destination.framesDropped / all) * 100).toFixed(1)} %)`
                )}
              </Cell>
              <Cell label="Last error">{destination.lastError ?? <span className="soft">none</span>}</Cell>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}
