import { useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleX, LifeBuoy, Timer } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { Drill, Status } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { ChannelChoice } from '../../live/channel-choice';
import { drillWay, liveWay, wayOf } from '../../live/channel-ways';
import { useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Field, Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Cell, Table } from '../../ui/table';
import { figuresOf, missingFor, progressOf } from './drill';
import './drill.css';

const noSuchDrill = (error: unknown) => error instanceof ApiError && error.status === 404;

/** Rehearses the loss of the source of a channel. */
export default function DrillPage() {
  const { channel = 'main' } = useParams<{ channel?: string }>();
  // Its steps come by the WebSocket.
  const query = useQuery({
    queryKey: ['drill', channel],
    queryFn: () => api.get('/api/channels/{id}/drill', { path: { id: channel } }).catch((error: unknown) => (noSuchDrill(error) ? null : Promise.reject(error as Error))),
  });
  const drill = query.data ?? null;
  return (
    <>
      <PageHead title="Failover drill" lead="Cuts the source off for some seconds, as if its network had died, and measures what a destination gets meanwhile: on a rehearsal destination inside the server.">
        <ChannelChoice channel={channel} wayTo={drillWay} />
      </PageHead>
      <div className="stack">
        <Begin key={channel} channel={channel} isRunning={drill?.state === 'running'} />
        {drill !== null && <Outcome drill={drill} />}
      </div>
    </>
  );
}

function Begin({ channel, isRunning }: { channel: string; isRunning: boolean }) {
  const status = useStatus(channel);
  const mayOperate = useMay('operate');
  const queries = useQueryClient();
  const [seconds, setSeconds] = useState('5');
  const [isAsking, setAsking] = useState(false);
  const begin = async (onAir: boolean) => {
    const begun = await api.post('/api/channels/{id}/drill', { path: { id: channel }, body: { seconds: Number(seconds), onAir } });
    // The WebSocket may have been quicker, and knows more then.
    queries.setQueryData<Drill | null>(['drill', channel], known => (known?.startedAt === begun.startedAt ? known : begun));
  };
  const form = useForm(fields, async () => {
    try {
      await begin(false);
    } catch (error) {
      // Viewers would see it: that is not an error, it is a question.
      if (!(error instanceof ApiError) || error.code !== 'viewers_would_see_it') throw error;
      setAsking(true);
    }
  });
  const watched = status?.destinations.filter(({ enabled }) => enabled) ?? [];
  const isLive = status?.state === 'live';
  return (
    <section className="card card-body drill-form">
      <Form state={form}>
        {status !== null && !isRunning && <Missing status={status} />}
        {isLive && !isRunning && watched.length > 0 && (
          <Notice tone="warn">
            The program goes to {watched.map(({ name }) => name).join(', ')}: viewers there would see the fallback for as long as the drill cuts the source off. Switch them off on the{' '}
            <Link href={liveWay(channel)}>live page</Link> for a rehearsal that nobody sees.
          </Notice>
        )}
        <Field label="Seconds without the source" name="seconds" value={seconds} onChange={setSeconds} state={form} inputMode="numeric" hint="2 to 30. Your encoder keeps its connection; only what it sends is not heard." />
        <div>
          <Button type="submit" look="primary" disabled={!mayOperate || !isLive} isBusy={form.isBusy || isRunning}>
            {isRunning ? 'The drill runs' : 'Begin the drill'}
          </Button>
        </div>
      </Form>
      <Confirm
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={`Show the fallback on ${watched.length === 1 ? (watched[0]?.name ?? 'it') : `${watched.length} destinations`}?`}
        action="Cut the source off"
        onConfirm={() => begin(true)}
      >
        Viewers on {watched.map(({ name }) => name).join(', ')} will see the fallback for about {seconds} seconds. The connections stay.
      </Confirm>
    </section>
  );
}

const fields = ['seconds'];

/** What has to be done first: the drill needs a source on the program, to cut it off. */
function Missing({ status }: { status: Status }) {
  const live = liveWay(status.channel);
  switch (missingFor(status)) {
    case 'encoder':
      return (
        <Notice tone="calm">
          No encoder is connected. <Link href={wayOf('/start', status.channel)}>Connect your encoder</Link> first; the drill needs something to cut off.
        </Notice>
      );
    case 'air':
      return (
        <Notice tone="calm">
          Your encoder is connected, but the program is off air. <Link href={live}>Go on air</Link> first; the drill needs something to cut off.
        </Notice>
      );
    case 'choice':
      return (
        <Notice tone="calm">
          Somebody chose the fallback. <Link href={live}>Return to the source</Link> first; the drill needs something to cut off.
        </Notice>
      );
    case 'return':
      return <Notice tone="calm">The fallback is on the program. The drill can begin as soon as your source is back on it.</Notice>;
    case null:
      return null;
  }
}

function Outcome({ drill }: { drill: Drill }) {
  const { result } = drill;
  return (
    <section className="card" aria-live="polite">
      <div className="card-head">
        <h2>{drill.state === 'running' ? 'The drill runs' : 'The last drill'}</h2>
        {drill.state === 'running' ? (
          <Badge tone="calm" icon={Timer}>
            Step {progressOf(drill)} of 5
          </Badge>
        ) : result?.passed === true ? (
          <Badge tone="good" icon={CircleCheck}>
            Passed
          </Badge>
        ) : (
          <Badge tone="bad" icon={CircleX}>
            {result === null ? 'Not carried out' : 'Not passed'}
          </Badge>
        )}
      </div>
      <div className="card-body stack">
        <p className="drill-phase">
          {drill.state === 'running' && <LifeBuoy size={16} aria-hidden />}
          <span>{result?.summary ?? `${drill.phase.charAt(0).toUpperCase()}${drill.phase.slice(1)}`}</span>
        </p>
        {result !== null && (
          <>
            <dl className="facts">
              {figuresOf(result).map(({ name, value }) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd className="numbers">{value}</dd>
                </div>
              ))}
            </dl>
            {result.destinations.length > 0 && (
              <Table caption="Destinations during the drill" columns={[{ title: 'Destination' }, { title: 'Connection' }]}>
                {result.destinations.map(({ id, name, connectsBefore, connectsAfter }) => (
                  <tr key={id}>
                    <Cell isMain>{name}</Cell>
                    <Cell label="Connection">{connectsAfter === connectsBefore ? 'kept' : `made anew ${connectsAfter - connectsBefore} times`}</Cell>
                  </tr>
                ))}
              </Table>
            )}
          </>
        )}
      </div>
    </section>
  );
}
