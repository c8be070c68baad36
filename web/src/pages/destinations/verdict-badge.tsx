import type { Destination, DestinationStatus } from '../../api/types';
import { Badge } from '../../ui/badge';
import { verdictOf } from '../live/destination-row';

/** State and verdict in a word, of the live state or of a list. */
export function VerdictBadge({ row }: { row: DestinationStatus | Destination }) {
  const { words, tone, icon } = verdictOf(row);
  return (
    <Badge tone={tone} icon={icon}>
      {words}
    </Badge>
  );
}
