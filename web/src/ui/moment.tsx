import { useServerNow } from '../live/live';
import { exactTime, relative } from './time';

/** How often "5 min ago" is looked at anew. */
const everyMs = 10_000;

/** A moment as people say it, the exact time in its title. Null: `never`. */
export function Moment({ time, never = 'never' }: { time: string | null; never?: string }) {
  const now = useServerNow(everyMs);
  if (time === null) return <span className="soft">{never}</span>;
  return (
    <time className="numbers" dateTime={time} title={exactTime(time)}>
      {relative(Date.parse(time), now)}
    </time>
  );
}
