import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** What a colour means. Never alone: an icon and words are always beside it. */
export type Tone = 'good' | 'warn' | 'bad' | 'calm' | 'off';

export function Badge({ tone, icon: Icon, children }: { tone: Tone; icon: LucideIcon; children: ReactNode }) {
  return (
    <span className={`badge tone-${tone}`}>
      <Icon size={14} aria-hidden />
      {children}
    </span>
  );
}
