import { CircleAlert, CircleCheck, RotateCcw, X } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { Button } from '../../ui/button';
import { bytes } from '../../ui/format';
import type { Uploading, UploadQueue } from './uploads';

function words({ state, sent, size, problem }: Uploading): string {
  switch (state) {
    case 'queued':
      return 'Waits for the ones before it';
    case 'sending':
      return `${bytes(sent)} of ${bytes(size)}`;
    case 'checking':
      return 'All there; the server looks into it';
    case 'waiting':
      return `${problem ?? ''} It goes on by itself.`;
    case 'done':
      return 'In the library';
    case 'failed':
      return problem ?? 'It failed.';
  }
}

/** The uploads of this tab, each with its progress. */
export function UploadList({ queue }: { queue: UploadQueue }) {
  const list = useSyncExternalStore(queue.subscribe, queue.read);
  const isBusy = queue.isBusy;
  useEffect(() => {
    if (!isBusy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isBusy]);
  if (list.length === 0) return null;
  return (
    <ul className="card rows" aria-label="Uploads">
      {list.map(one => {
        const percent = one.size === 0 ? 0 : Math.floor((100 * one.sent) / one.size);
        const isOver = one.state === 'done' || one.state === 'failed';
        return (
          <li key={one.id} className={`upload upload-${one.state}`}>
            <div className="upload-words" role={isOver ? 'status' : undefined}>
              {one.state === 'done' && <CircleCheck size={16} aria-hidden />}
              {one.state === 'failed' && <CircleAlert size={16} aria-hidden />}
              <strong>{one.name}</strong>
              <span className="soft small numbers">{words(one)}</span>
            </div>
            <div className="row upload-buttons">
              {one.state === 'failed' && one.canRetry && (
                <Button isSmall onClick={() => queue.again(one.id)} aria-label={`Try again: ${one.name}`}>
                  <RotateCcw size={16} aria-hidden />
                  Try again
                </Button>
              )}
              <Button look="quiet" isSmall onClick={() => queue.remove(one.id)} aria-label={isOver ? `Take ${one.name} off this list` : `Give up ${one.name}`}>
                <X size={16} aria-hidden />
              </Button>
            </div>
            {!isOver && <progress aria-label={`Upload of ${one.name}`} max={100} value={percent} />}
          </li>
        );
      })}
    </ul>
  );
}
