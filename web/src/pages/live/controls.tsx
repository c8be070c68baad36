import { useMutation } from '@tanstack/react-query';
import { Play, RotateCcw, ShieldAlert, Square } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Status } from '../../api/types';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';

/** What an operator may do with the program. Ending the broadcast is far from the rest, and asks. */
export function Controls({ status }: { status: Status }) {
  const id = status.channel;
  const [isEnding, setEnding] = useState(false);
  const start = useMutation({ mutationFn: () => api.post('/api/channels/{id}/start', { path: { id } }) });
  const select = useMutation({ mutationFn: (what: string) => api.post('/api/channels/{id}/source', { path: { id }, body: { select: what } }) });
  const mayOperate = useMay('operate');
  if (!mayOperate) return null;

  const isOnAir = status.state === 'live' || status.state === 'fallback';
  const { selected } = status.source;
  const sending = status.destinations.filter(({ enabled }) => enabled);
  if (!isOnAir) {
    return (
      <div className="controls">
        <Button look="primary" isBusy={start.isPending} onClick={() => start.mutate()}>
          <Play size={16} aria-hidden />
          {status.source.state === 'connected' ? 'Go on air' : 'Go on air with the fallback'}
        </Button>
      </div>
    );
  }
  const others = status.sources.filter(source => source.state === 'connected' && source.id !== status.program.activeSource);
  return (
    <div className="controls">
      {selected === 'fallback' ? (
        <Button look="primary" isBusy={select.isPending} onClick={() => select.mutate('auto')}>
          <RotateCcw size={16} aria-hidden />
          Return to the source
        </Button>
      ) : (
        <>
          <Button isBusy={select.isPending && select.variables === 'fallback'} onClick={() => select.mutate('fallback')}>
            <ShieldAlert size={16} aria-hidden />
            {status.state === 'fallback' ? 'Hold the fallback' : 'Show the fallback'}
          </Button>
          {selected !== 'auto' && (
            <Button isBusy={select.isPending && select.variables === 'auto'} onClick={() => select.mutate('auto')}>
              <RotateCcw size={16} aria-hidden />
              Choose by itself again
            </Button>
          )}
          {status.state === 'live' &&
            others.map(source => (
              <Button key={source.id} isBusy={select.isPending && select.variables === source.id} onClick={() => select.mutate(source.id)}>
                {source.id === 'backup' ? 'Show the backup' : `Show ${source.id}`}
              </Button>
            ))}
        </>
      )}
      <Button className="end" onClick={() => setEnding(true)}>
        <Square size={14} aria-hidden />
        End broadcast
      </Button>
      <Confirm
        isOpen={isEnding}
        onOpenChange={setEnding}
        title="End the broadcast?"
        action="End broadcast"
        onConfirm={() => api.post('/api/channels/{id}/stop', { path: { id } })}
      >
        {sending.length > 0 ? (
          <p>
            {sending.map(({ name }) => name).join(', ')} {sending.length === 1 ? 'is' : 'are'} told that the stream is over. Viewers see it end; this cannot be taken back.
          </p>
        ) : (
          <p>The program goes off air. No destination is switched on.</p>
        )}
        <p>If only your encoder has a problem, do nothing: the fallback holds the place until it is back.</p>
      </Confirm>
    </div>
  );
}
