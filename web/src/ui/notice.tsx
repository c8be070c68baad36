import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Tone } from './badge';

const icons = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, calm: Info, off: Info } as const;

/** Something to know, in its place on the page. `isAlert`: it came by itself, and is read out at once. */
export function Notice({ tone, children, isAlert = false }: { tone: Tone; children: ReactNode; isAlert?: boolean }) {
  const Icon = icons[tone];
  return (
    <div className={`notice tone-${tone}`} role={isAlert ? 'alert' : undefined}>
      <Icon size={18} aria-hidden />
      <div className="notice-text">{children}</div>
    </div>
  );
}
