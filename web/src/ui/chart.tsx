import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app/theme';
import { spanOf, summaryOf, withHoles } from './chart-data';
import { timeOfDay } from './format';
import './chart.css';

export interface ChartProps {
  title: string;
  /** Seconds, growing. */
  times: readonly number[];
  values: readonly number[];
  format: (value: number) => string;
  /** The top of the chart is not below it: noise around nothing must not look like mountains. */
  least: number;
  /** Charts with the same word show the same moment under the pointer. */
  group: string;
}

/** In rem, like everything on a page: on the screen of a control room a pixel is small. */
const height = 8.25;

/** Room for "10.5 Mbit/s", and for the times below; in rem. */
const axisSize = { x: 1.75, y: 5.25 };

/** Pixels of so many rem. */
const pixels = (rem: number) => Math.round(rem * parseFloat(getComputedStyle(document.documentElement).fontSize));

const colour = (token: string) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** A curve over time with axes; the value under the pointer, or the newest, stands above it. Load it lazily: its library is not needed elsewhere. */
export default function Chart({ title, times, values, format, least, group }: ChartProps) {
  const [theme] = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const data = withHoles(times, values);
  const latest = useRef({ data, times, format });
  latest.current = { data, times, format };

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const axis = { stroke: colour('--ink-soft'), font: `${pixels(0.75)}px Inter, system-ui, sans-serif`, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
    const made = new UPlot(
      {
        width: element.clientWidth,
        height: pixels(height),
        legend: { show: false },
        cursor: { sync: { key: group }, drag: { x: false, y: false }, y: false },
        scales: { x: { range: () => spanOf(latest.current.times) }, y: { range: (_, __, most) => [0, Math.max(least, most * 1.1)] } },
        axes: [
          { ...axis, size: pixels(axisSize.x), gap: pixels(0.5), space: pixels(5.625), values: (_, splits) => splits.map(split => timeOfDay(split * 1_000)) },
          { ...axis, size: pixels(axisSize.y), space: pixels(2), values: (_, splits) => splits.map(split => latest.current.format(split)) },
        ],
        series: [{}, { stroke: colour('--accent'), width: 1.5, fill: colour('--accent-soft'), points: { show: false } }],
        hooks: { setCursor: [({ cursor }) => setPointed(cursor.idx ?? null)] },
      },
      latest.current.data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: pixels(height) }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [group, least, theme]);

  // No dependencies: what is drawn is what was rendered.
  useEffect(() => plot.current?.setData(data));

  const shown = pointed ?? data[0].length - 1;
  const [time, value] = [data[0][shown], data[1][shown]];
  return (
    <figure className="chart">
      <figcaption className="chart-head small">
        <strong>{title}</strong>
        <span className="numbers">
          {value === undefined || value === null ? '–' : format(value)}
          {pointed !== null && time !== undefined && <span className="soft"> at {timeOfDay(time * 1_000)}</span>}
        </span>
      </figcaption>
      <div ref={place} className="chart-place" role="img" aria-label={summaryOf(title, times, values, format)} style={{ minHeight: `${height}rem` }} />
    </figure>
  );
}
