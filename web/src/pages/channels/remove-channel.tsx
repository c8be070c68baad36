import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/client';
import { useStatus } from '../../live/live';
import { Confirm } from '../../ui/dialog';
import { toast } from '../../ui/toasts';

/** Asks before a channel is deleted, and says what goes with it. Null: nothing is asked. */
export function RemoveChannel({ id, onClose, onRemoved }: { id: string | null; onClose: () => void; onRemoved?: () => void }) {
  const queries = useQueryClient();
  const status = useStatus(id ?? 'main');
  const destinations = useQuery({ queryKey: ['destinations'], queryFn: () => api.get('/api/destinations') });
  if (id === null) return null;
  const names = (destinations.data ?? []).filter(({ channelId }) => channelId === id).map(({ name }) => name);
  const isOnAir = status?.state === 'live' || status?.state === 'fallback';
  const remove = async () => {
    await api.delete('/api/channels/{id}', { path: { id } });
    toast.good(`The channel ${id} is deleted.`);
    onRemoved?.();
    for (const list of ['channels', 'destinations', 'keys', 'media']) void queries.invalidateQueries({ queryKey: [list] });
  };
  return (
    <Confirm isOpen onOpenChange={open => !open && onClose()} title={`Delete the channel ${id}?`} action="Delete channel" onConfirm={remove}>
      {isOnAir && (
        <span>
          <strong>It is on air now: its broadcast ends.</strong>{' '}
        </span>
      )}
      Its settings are forgotten{names.length > 0 ? `, and so ${names.length === 1 ? 'is its destination' : `are its ${names.length} destinations`}: ${names.join(', ')}` : ''}. Nobody can publish to it any more. This cannot be taken
      back.
    </Confirm>
  );
}
