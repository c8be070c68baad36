import { useMutation } from '@tanstack/react-query';
import { Play, Square } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';

/** Takes a channel on air, and ends its broadcast after a question. */
export function ChannelAir({ id, state }: { id: string; state: string }) {
  const [isEnding, setEnding] = useState(false);
  const mayOperate = useMay('operate');
  const status = useStatus(id);
  const start = useMutation({ mutationFn: () => api.post('/api/channels/{id}/start', { path: { id } }) });
  if (!mayOperate) return null;
  if (state !== 'live' && state !== 'fallback') {
    return (
      <Button isSmall isBusy={start.isPending} onClick={() => start.mutate()} aria-label={`Go on air: ${id}`}>
        {!start.isPending && <Play size={16} aria-hidden />}
        Go on air
      </Button>
    );
  }
  const sending = (status?.destinations ?? []).filter(({ enabled }) => enabled);
  return (
    <>
      <Button isSmall className="button-bad" onClick={() => setEnding(true)} aria-label={`End the broadcast of ${id}`}>
        <Square size={14} aria-hidden />
        End
      </Button>
      <Confirm isOpen={isEnding} onOpenChange={setEnding} title={`End the broadcast of ${id}?`} action="End broadcast" onConfirm={() => api.post('/api/channels/{id}/stop', { path: { id } })}>
        {sending.length > 0
          ? `${sending.map(({ name }) => name).join(', ')} ${sending.length === 1 ? 'is' : 'are'} told that the stream is over. Viewers see it end; this cannot be taken back.`
          : 'The program goes off air. No destination is switched on.'}
      </Confirm>
    </>
  );
}
