import type { Key } from '../../api/types';
import { useStatus } from '../../live/live';
import { Button } from '../../ui/button';
import { Copy } from '../../ui/copy';

/** A key in full, with the server's address beside it: both go into OBS. */
export function ShownKey({ made, onDone }: { made: Key; onDone: () => void }) {
  const server = useStatus(made.channelId)?.ingest.url;
  return (
    <div className="stack dialog-form">
      {server !== undefined && (
        <div className="field">
          <span className="label">Server</span>
          <Copy label="server" value={server} />
        </div>
      )}
      <div className="field">
        <span className="label">Stream key</span>
        <div data-testid="shown-key">
          <Copy label="stream key" value={made.key ?? ''} />
        </div>
      </div>
      {made.alias !== null && (
        <p className="soft small">
          From this machine and private networks, <code>{made.alias}</code> works in its place.
        </p>
      )}
      <div className="dialog-foot">
        <Button look="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}
