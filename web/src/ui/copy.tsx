import { Check, Copy as CopyIcon } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from './button';

/** How long "Copied" stands. */
const shownMs = 2_000;

/** A value to paste elsewhere. `isSecret`: dots until it is asked for; copying works either way. */
export function Copy({ label, value, shown = value }: { label: string; value: string; shown?: string }) {
  const text = useRef<HTMLElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      // Over plain HTTP browsers have no clipboard for pages: the old way works there.
      const field = document.createElement('textarea');
      field.value = value;
      document.body.append(field);
      field.select();
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other for pages without TLS
      document.execCommand('copy');
      field.remove();
    }
    setCopied(true);
    setTimeout(() => setCopied(false), shownMs);
  };
  return (
    <div className="copy">
      <code className="copy-value" ref={text}>
        {shown}
      </code>
      <Button onClick={copy} aria-label={`Copy ${label}`}>
        {isCopied ? <Check size={16} aria-hidden /> : <CopyIcon size={16} aria-hidden />}
        <span aria-live="polite">{isCopied ? 'Copied' : 'Copy'}</span>
      </Button>
    </div>
  );
}
