import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** In place of a list that has nothing in it: what would be here, and how it gets here. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon size={28} aria-hidden />
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="soft empty-text">{children}</div>}
    </div>
  );
}
