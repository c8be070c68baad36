import { useEffect, type ReactNode } from 'react';

/** Title of a page, also in the browser's tab; buttons for the whole page at its right. */
export function PageHead({ title, step, children, lead }: { title: string; step?: string; lead?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Stream Manager`;
  }, [title]);
  return (
    <header className="page-head">
      <div>
        {step !== undefined && <p className="soft small">{step}</p>}
        <h1>{title}</h1>
        {lead !== undefined && <p className="soft page-lead">{lead}</p>}
      </div>
      {children !== undefined && <div className="row">{children}</div>}
    </header>
  );
}
