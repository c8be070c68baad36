import { ChartLine } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { bitrate, frames } from '../ui/format';
import { useHistory } from './live';
import type { History } from './state';

const Chart = lazy(() => import('../ui/chart'));

interface Measure {
  name: Exclude<keyof History, 'times'>;
  title: string;
  format: (value: number) => string;
  /** See the chart. */
  least: number;
}

const measures: readonly Measure[] = [
  { name: 'bitrateKbps', title: 'Bitrate', format: bitrate, least: 100 },
  { name: 'fps', title: 'Frames per second', format: frames, least: 10 },
  { name: 'queueMs', title: 'Queue', format: value => `${(value / 1_000).toFixed(1)} s`, least: 1_000 },
];

/** As high as a chart with its title: nothing moves when it comes. */
const chartHeight = '9.5rem';

/** Charts of the last ten minutes of something (a key of `useHistory`). */
export function Curves({ of, hasQueue = false }: { of: string; hasQueue?: boolean }) {
  const history = useHistory(of);
  const shown = measures.filter(({ name }) => hasQueue || name !== 'queueMs');
  return (
    <div className="stack">
      {shown.map(({ name, ...measure }) => (
        <Suspense key={name} fallback={<div style={{ minHeight: chartHeight }} />}>
          <Chart {...measure} times={history?.times ?? []} values={history?.[name] ?? []} group={of} />
        </Suspense>
      ))}
      <p className="soft small">The last ten minutes, as far as the server runs that long.</p>
    </div>
  );
}

/** The same behind a button: charts are loaded by who wants them. */
export function FoldedCurves({ of, label }: { of: string; label: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="more" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <ChartLine size={16} aria-hidden /> {label}
      </summary>
      {isOpen && <Curves of={of} />}
    </details>
  );
}
