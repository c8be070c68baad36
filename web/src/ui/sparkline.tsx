import { useId } from 'react';

const width = 120;
const height = 30;

/** Points of a curve from left to right; the right end is now. `most` is the value at the top. */
export function curve(values: readonly number[], count: number, most: number): string {
  const step = width / (count - 1);
  const start = count - values.length;
  return values.map((value, index) => `${((start + index) * step).toFixed(1)},${(height - 1 - (Math.min(value, most) / most) * (height - 3)).toFixed(1)}`).join(' ');
}

/** The last two minutes, without axes: whether it is even, and whether it fell. The figures beside it are what is read. */
export function Sparkline({ values, count, label }: { values: readonly number[]; count: number; label: string }) {
  const id = useId();
  const most = Math.max(1, ...values) * 1.1;
  const points = curve(values, count, most);
  const hasCurve = values.length > 1 && values.some(value => value > 0);
  const first = (((count - values.length) * width) / (count - 1)).toFixed(1);
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-labelledby={id}>
      <title id={id}>{label}</title>
      {hasCurve && <polygon points={`${first},${height} ${points} ${width},${height}`} className="sparkline-area" />}
      {hasCurve && <polyline points={points} className="sparkline-line" vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}
