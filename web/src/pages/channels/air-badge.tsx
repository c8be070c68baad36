import { CircleOff, Hourglass, Radio, ShieldAlert } from 'lucide-react';
import { Badge } from '../../ui/badge';

/** A channel's state in a word. */
export function AirBadge({ state }: { state: string }) {
  switch (state) {
    case 'live':
      return <Badge tone="good" icon={Radio}>Live</Badge>;
    case 'fallback':
      return <Badge tone="warn" icon={ShieldAlert}>On fallback</Badge>;
    case 'waiting':
      return <Badge tone="calm" icon={Hourglass}>Waiting for source</Badge>;
    default:
      return <Badge tone="off" icon={CircleOff}>Off air</Badge>;
  }
}
