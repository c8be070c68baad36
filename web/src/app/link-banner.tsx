import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLink } from '../live/live';

/** A reconnect that is done within this time nobody needs to know about. */
const quietMs = 1_000;

/** Says that the page does not know any more what is on air, for as long as that is so. */
export function LinkBanner() {
  const link = useLink();
  const [now, setNow] = useState(() => Date.now());
  const isLost = link.kind === 'lost';
  useEffect(() => {
    if (!isLost) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isLost]);
  if (!isLost || now - link.since < quietMs) return null;
  return (
    <div className="link-banner" role="alert">
      <CloudOff size={18} aria-hidden />
      <span>
        <strong>No connection to the server.</strong> What you see is from before; what is on air does not depend on this page. It reconnects by itself.
      </span>
    </div>
  );
}
