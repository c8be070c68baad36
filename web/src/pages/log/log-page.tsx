import { useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleAlert, Info, ScrollText, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Log, LogEntry } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { Badge, type Tone } from '../../ui/badge';
import { Empty } from '../../ui/empty';
import { timeOfDay } from '../../ui/format';
import { Loaded } from '../../ui/query';
import { exactTime } from '../../ui/time';
import { grownLog } from './grown-log';
import './log.css';

const levels = [
  { value: 'information', label: 'Everything' },
  { value: 'warning', label: 'Warnings and worse' },
  { value: 'error', label: 'Errors' },
] as const;

/** The log is not told by the WebSocket: a line that is written because of a look would bring the next. Each look asks for what is new only. */
const lookMs = 3_000;

const looks: Readonly<Record<string, { tone: Tone; icon: typeof Info; word: string }>> = {
  information: { tone: 'off', icon: Info, word: 'Info' },
  warning: { tone: 'warn', icon: TriangleAlert, word: 'Warning' },
  error: { tone: 'bad', icon: CircleAlert, word: 'Error' },
  critical: { tone: 'bad', icon: CircleAlert, word: 'Critical' },
};

/** The end of the server's log, newest first. */
export default function LogPage() {
  const [level, setLevel] = useState('information');
  const queries = useQueryClient();
  const queryKey = ['logs', level];
  const query = useQuery({
    queryKey,
    queryFn: async () => {
      const state = queries.getQueryState<Log>(queryKey);
      // Invalidated: the connection was lost, and may be the server was started anew, which counts from one.
      const before = state?.isInvalidated === true ? undefined : state?.data;
      return grownLog(before, await api.get('/api/logs', { query: { level, after: before?.next ?? 0 } }));
    },
    refetchInterval: lookMs,
  });
  return (
    <>
      <PageHead title="Server log" lead="The newest 1,000 entries since the server was started. The whole log is where the server's standard error goes." />
      <section className="card" aria-label="Log">
        <div className="card-head log-head">
          <label>
            <span>Show</span>
            <select className="input" value={level} onChange={event => setLevel(event.target.value)}>
              {levels.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Loaded query={query} height={320}>
          {({ entries }) =>
            entries.length === 0 ? (
              <Empty icon={ScrollText} title="Nothing of this kind since the server was started" />
            ) : (
              <ol className="log" aria-label="Entries">
                {[...entries].reverse().map(entry => (
                  <Line key={entry.number} entry={entry} />
                ))}
              </ol>
            )
          }
        </Loaded>
      </section>
    </>
  );
}

function Line({ entry: { time, level, category, message, exception } }: { entry: LogEntry }) {
  const { tone, icon, word } = looks[level] ?? { tone: 'off' as const, icon: Info, word: level };
  return (
    <li className="log-line">
      <time className="numbers soft small" dateTime={time} title={exactTime(time)}>
        {timeOfDay(time)}
      </time>
      <span className="log-level">
        <Badge tone={tone} icon={icon}>
          {word}
        </Badge>
      </span>
      <div className="log-text">
        <p>{message}</p>
        <p className="soft small">{category}</p>
        {exception !== null && (
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what can be scrolled must be reached by keyboard
          <pre className="log-exception" tabIndex={0}>
            {exception}
          </pre>
        )}
      </div>
    </li>
  );
}
