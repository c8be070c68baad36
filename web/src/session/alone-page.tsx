import { useEffect, type ReactNode } from 'react';
import '../app/shell.css';

/** A page for somebody who is not logged in: one card, and none of the dashboard around it. Its heading has the id `alone`. */
export function AlonePage({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Stream Manager`;
  }, [title]);
  return (
    <main className="alone">
      <span className="brand">
        <img src="/favicon.svg" width={30} height={30} alt="" />
        Stream Manager
      </span>
      <section className="card card-body stack" aria-labelledby="alone">
        {children}
      </section>
    </main>
  );
}
