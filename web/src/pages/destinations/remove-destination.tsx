import { useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/client';
import type { Destination } from '../../api/types';
import { useStatus } from '../../live/live';
import { Confirm } from '../../ui/dialog';
import { toast } from '../../ui/toasts';

/** Asks before a destination is deleted, and says what its viewers will see. Null: nothing is asked. */
export function RemoveDestination({ destination, onClose, onRemoved }: { destination: Destination | null; onClose: () => void; onRemoved?: () => void }) {
  const queries = useQueryClient();
  const status = useStatus(destination?.channelId ?? 'main');
  if (destination === null) return null;
  const { id, name } = destination;
  const isSending = status?.destinations.some(row => row.id === id && row.state === 'live') === true;
  const remove = async () => {
    await api.delete('/api/destinations/{id}', { path: { id } });
    toast.good(`${name} is deleted.`);
    onRemoved?.();
    void queries.invalidateQueries({ queryKey: ['destinations'] });
  };
  return (
    <Confirm isOpen onOpenChange={open => !open && onClose()} title={`Delete the destination ${name}?`} action="Delete destination" onConfirm={remove}>
      {isSending ? (
        <p>
          <strong>It is on air there now.</strong> {name} is told that the stream is over, and its viewers see it end. The other destinations go on.
        </p>
      ) : (
        <p>Nothing is sent there any more. The other destinations are not affected.</p>
      )}
      <p>Its address, settings and stream key are forgotten; this cannot be taken back. To pause it, switch it off instead.</p>
    </Confirm>
  );
}
