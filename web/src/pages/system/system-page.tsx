import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, Clock, FileCheck2, Info, RefreshCw, ScrollText, type LucideIcon } from 'lucide-react';
import { Link } from 'wouter';
import { api } from '../../api/client';
import type { Configuration, SystemInfo } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useServerNow } from '../../live/live';
import { Badge, type Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { bytes } from '../../ui/format';
import { Moment } from '../../ui/moment';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { duration } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { checkName, readHealth } from './health';
import { SettingsCard } from './settings-card';
import './system.css';

/** The server itself: is it well, what does it run on, what holds of its configuration. */
export default function SystemPage() {
  return (
    <>
      <PageHead title="System" lead="Whether the server is well, what it runs on, and where every setting comes from.">
        <Link href="/log" className="button">
          <ScrollText size={16} aria-hidden />
          Server log
        </Link>
      </PageHead>
      <div className="stack system">
        <div className="system-pair">
          <HealthCard />
          <MachineCard />
        </div>
        <ChecksCard />
        <ConfigurationCards />
      </div>
    </>
  );
}

const useSystem = () => useQuery({ queryKey: ['system'], queryFn: () => api.get('/api/system') });

function HealthCard() {
  const query = useQuery({ queryKey: ['health'], queryFn: readHealth });
  return (
    <section className="card" aria-labelledby="health">
      <div className="card-head">
        <h2 id="health">Health</h2>
        <Button isSmall onClick={() => query.refetch()} isBusy={query.isFetching}>
          <RefreshCw size={14} aria-hidden />
          Check again
        </Button>
      </div>
      <Loaded query={query} height={300}>
        {({ checks }) => (
          <ul className="checklist">
            {checks.map(({ name, ok, reason }) => (
              <CheckLine key={name} tone={ok ? 'good' : 'bad'} icon={ok ? CircleCheck : CircleAlert} word={ok ? 'Good' : 'Bad'} name={checkName(name)} text={reason ?? ''} />
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

function CheckLine({ tone, icon: Icon, word, name, text }: { tone: Tone; icon: LucideIcon; word: string; name: string; text: string }) {
  return (
    <li>
      <Badge tone={tone} icon={Icon}>
        {word}
      </Badge>
      <div>
        <p>{name}</p>
        {text !== '' && <p className="soft small">{text}</p>}
      </div>
    </li>
  );
}

function MachineCard() {
  const query = useSystem();
  return (
    <section className="card" aria-labelledby="machine">
      <div className="card-head">
        <h2 id="machine">Server</h2>
      </div>
      <Loaded query={query} height={300}>
        {system => <Machine system={system} />}
      </Loaded>
    </section>
  );
}

function Machine({ system }: { system: SystemInfo }) {
  const now = useServerNow(10_000);
  const { store, ports } = system;
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Version', system.version],
    ['Runs for', duration(Math.max(0, (now - Date.parse(system.startedAt)) / 1_000))],
    ['System', system.operatingSystem],
    ['Runtime', system.runtime],
    ['Processors', String(system.processors)],
    ['Memory', bytes(system.memoryBytes)],
    ['Data', system.dataDirectory],
    ['Store', `${store.kind === 'redis' ? 'Redis' : 'SQLite'}, ${store.available ? 'available' : `away: ${store.reason ?? 'no reason known'}`}`],
    ['Dashboard and API', `port ${ports.api}`],
    ['RTMP', `port ${ports.rtmp}`],
    ['RTMPS', ports.rtmps === null ? 'off' : `port ${ports.rtmps}`],
    ['WebSocket, metrics, health', `ports ${ports.webSocket}, ${ports.metrics}, ${ports.health}`],
  ];
  return (
    <dl className="pairs">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const verdicts: Readonly<Record<string, { tone: Tone; icon: LucideIcon; word: string }>> = {
  ok: { tone: 'good', icon: CircleCheck, word: 'Good' },
  note: { tone: 'calm', icon: Info, word: 'Note' },
  fail: { tone: 'bad', icon: CircleAlert, word: 'Bad' },
};

function ChecksCard() {
  const query = useSystem();
  return (
    <section className="card" aria-labelledby="checks">
      <div className="card-head">
        <h2 id="checks">What doctor says of the machine</h2>
      </div>
      <Loaded query={query} height={220}>
        {({ checks }) => (
          <ul className="checklist">
            {checks.map(({ name, verdict, text }) => {
              const { tone, icon, word } = verdicts[verdict] ?? { tone: 'off' as const, icon: Info, word: verdict };
              return <CheckLine key={`${name}-${text}`} tone={tone} icon={icon} word={word} name={name} text={text} />;
            })}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

function ConfigurationCards() {
  const query = useQuery({ queryKey: ['configuration'], queryFn: () => api.get('/api/configuration') });
  return (
    <>
      <section className="card" aria-labelledby="configuration">
        <Loaded query={query}>{configuration => <File configuration={configuration} />}</Loaded>
      </section>
      {query.data !== undefined && <SettingsCard settings={query.data.settings} />}
    </>
  );
}

const states: Readonly<Record<string, { tone: Tone; icon: LucideIcon; word: string }>> = {
  current: { tone: 'good', icon: FileCheck2, word: 'Holds' },
  pending: { tone: 'calm', icon: Clock, word: 'Changed, read soon' },
  refused: { tone: 'bad', icon: CircleAlert, word: 'Refused' },
};

function File({ configuration }: { configuration: Configuration }) {
  const queries = useQueryClient();
  const reload = useMutation({
    mutationFn: () => api.post('/api/configuration/reload'),
    onSuccess: answer => {
      queries.setQueryData(['configuration'], answer);
      if (answer.state === 'refused') toast.bad('The file has mistakes: everything stays as it was.');
      else toast.good('The file was read; it holds.');
    },
  });
  const { tone, icon, word } = states[configuration.state] ?? { tone: 'off' as const, icon: Info, word: configuration.state };
  return (
    <>
      <div className="card-head">
        <h2 id="configuration">Configuration file</h2>
        <Button isSmall onClick={() => reload.mutate()} isBusy={reload.isPending}>
          <RefreshCw size={14} aria-hidden />
          Read it now
        </Button>
      </div>
      <div className="card-body stack">
        <dl className="facts">
          <div className="fact-file">
            <dt>File</dt>
            <dd>
              <code>{configuration.file}</code>
            </dd>
          </div>
          <div>
            <dt>State</dt>
            <dd>
              <Badge tone={tone} icon={icon}>
                {word}
              </Badge>
            </dd>
          </div>
          <div>
            <dt>Changed</dt>
            <dd>
              <Moment time={configuration.changedAt} never="there is no file" />
            </dd>
          </div>
          <div>
            <dt>Applied</dt>
            <dd>
              <Moment time={configuration.appliedAt} />
            </dd>
          </div>
        </dl>
        {configuration.errors.length > 0 && (
          <Notice tone="bad">
            <p>
              <strong>The file was refused as a whole; what held before still holds.</strong>
            </p>
            <ul className="mistakes">
              {configuration.errors.map(error => (
                <li key={error}>{error}</li>
              ))}
            </ul>
          </Notice>
        )}
        {configuration.needsRestart.length > 0 && (
          <Notice tone="warn">
            Changed, and from the next start on: {configuration.needsRestart.join(', ')}.
          </Notice>
        )}
      </div>
    </>
  );
}
