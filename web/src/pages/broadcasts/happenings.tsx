import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { Button } from '../../ui/button';
import { clock } from '../../ui/format';
import { duration, exactTime } from '../../ui/time';
import { happenings, type Timeline } from './timeline';

/** More are shown when somebody asks: a page of hundreds of lines is no overview. */
const shownAtFirst = 40;

/** The timeline in words: for who cannot see the picture, and for the printed page. */
export function Happenings({ timeline }: { timeline: Timeline }) {
  const [isWhole, setWhole] = useState(false);
  useEffect(() => {
    // On paper nobody can ask for the rest. The browser prints what stands when this returns.
    const show = () => flushSync(() => setWhole(true));
    window.addEventListener('beforeprint', show);
    return () => window.removeEventListener('beforeprint', show);
  }, []);
  const all = happenings(timeline);
  const shown = isWhole ? all : all.slice(0, shownAtFirst);
  return (
    <section className="card" aria-labelledby="happenings">
      <div className="card-head">
        <h2 id="happenings">What happened</h2>
        <span className="soft small numbers">{all.length} entries</span>
      </div>
      <ol className="happenings">
        {shown.map(({ at, who, kind, what, reason, seconds }) => (
          <li key={`${who}-${at}-${what}`}>
            <time className="numbers" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
              {clock((at - timeline.from) / 1_000)}
            </time>
            <span className="happening-who">{who}</span>
            <span className="happening-what with-icon">
              <i className={`swatch span-${kind}`} aria-hidden />
              {what}
            </span>
            <span className="happening-for numbers">{duration(seconds)}</span>
            {reason !== null && <span className="happening-why">{reason}</span>}
          </li>
        ))}
      </ol>
      {shown.length < all.length && (
        <div className="card-more">
          <Button onClick={() => setWhole(true)}>Show all {all.length}</Button>
        </div>
      )}
    </section>
  );
}
