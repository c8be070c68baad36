import { Image as ImageIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import './picture.css';

/** The server decodes one keyframe for each, whoever asks; so often is enough to see what somebody sends. */
const againMs = 5_000;

/** When there was none, it is likely that there is none again: the codec is one that the server does not decode, or the source is about to go. */
const againAfterFailureMs = 15_000;

interface Props {
  channel: string;
  /** Of this source; without it, of the program. */
  source?: string;
  /** What it is, for who cannot see it. */
  label: string;
}

/** A small picture of what a source sends, or of the program, that is renewed while somebody looks. It keeps its place when there is none. */
export function Picture({ channel, source, label }: Props) {
  const [turn, setTurn] = useState(0);
  const [answered, setAnswered] = useState<{ turn: number; isGood: boolean } | null>(null);

  useEffect(() => {
    // The next one only after the answer to this one: a slow line is not asked for more than it carries.
    if (answered?.turn !== turn) return;
    const next = () => {
      if (document.visibilityState === 'visible') setTurn(turn + 1);
      else document.addEventListener('visibilitychange', next, { once: true });
    };
    const timer = setTimeout(next, answered.isGood ? againMs : againAfterFailureMs);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', next);
    };
  }, [answered, turn]);

  const query = new URLSearchParams(source === undefined ? {} : { source });
  query.set('at', String(turn));
  const answer = (isGood: boolean) => setAnswered({ turn, isGood });
  return (
    <div className="picture">
      <ImageIcon size={18} aria-hidden />
      <img
        src={`/preview/${encodeURIComponent(channel)}.jpg?${query.toString()}`}
        alt={label}
        hidden={answered?.isGood !== true}
        onLoad={() => answer(true)}
        onError={() => answer(false)}
      />
    </div>
  );
}

/** Its place where there is nothing to show. */
export function NoPicture() {
  return (
    <div className="picture">
      <ImageIcon size={18} aria-hidden />
    </div>
  );
}
