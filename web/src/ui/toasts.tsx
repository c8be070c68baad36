import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { wordsOf } from '../api/problem';
import { Button } from './button';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

/** Good news goes by itself; an error stays until it has been read. */
const goodNewsMs = 4_000;

/** More at once nobody reads: the oldest go. */
const mostToasts = 4;

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function add(tone: Toast['tone'], text: string): void {
  // The same error again (each second, for instance) is no news.
  const id = ++lastId;
  set([...toasts.filter(toast => toast.text !== text), { id, tone, text }].slice(-mostToasts));
  if (tone === 'good') setTimeout(() => set(toasts.filter(toast => toast.id !== id)), goodNewsMs);
}

/** For what has no place on the page. Errors of a form belong to its fields. */
export const toast = {
  good: (text: string) => add('good', text),
  bad: (error: unknown) => add('bad', typeof error === 'string' ? error : wordsOf(error)),
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <section className="toasts" aria-label="Messages" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <div key={id} className={`toast toast-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
          {tone === 'bad' ? <CircleAlert size={18} aria-hidden /> : <CircleCheck size={18} aria-hidden />}
          <p>{text}</p>
          <Button look="quiet" isSmall aria-label="Dismiss" onClick={() => set(toasts.filter(toast => toast.id !== id))}>
            <X size={16} aria-hidden />
          </Button>
        </div>
      ))}
    </section>
  );
}
