import { Check, Copy as CopyIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from './button';
import { copyText, selectText } from './clipboard';

/** How long "Copied" stands. */
const shownMs = 2_000;

const words = { idle: 'Copy', copied: 'Copied', byHand: 'Press Ctrl+C' } as const;

/** A value to paste elsewhere. `shown`: what stands for it on the page; copying works either way. */
export function Copy({ label, value, shown = value }: { label: string; value: string; shown?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLElement>(null);
  const [state, setState] = useState<keyof typeof words>('idle');
  const copy = async () => {
    if (place.current !== null) setState((await copyText(value, place.current)) ? 'copied' : 'byHand');
  };
  useEffect(() => {
    if (state === 'byHand' && text.current !== null) selectText(text.current);
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState('idle'), shownMs);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <div className="copy" ref={place}>
      <code className="copy-value" ref={text}>
        {/* By hand only what is there can be copied. */}
        {state === 'byHand' ? value : shown}
      </code>
      <Button onClick={copy} aria-label={`Copy ${label}`}>
        {state === 'copied' ? <Check size={16} aria-hidden /> : <CopyIcon size={16} aria-hidden />}
        <span aria-live="polite">{words[state]}</span>
      </Button>
    </div>
  );
}
