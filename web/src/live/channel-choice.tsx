import { useLocation, useSearch } from 'wouter';
import { channelIn, inChannelOrder } from './channel-ways';
import { useLive } from './live';
import './channel-choice.css';

/** The channel that the address names after "?channel=". */
export const useChannelInQuery = (): string => channelIn(useSearch());

interface Props {
  channel: string;
  /** The same page for another channel. */
  wayTo: (channel: string) => string;
  disabled?: boolean;
}

/** Which channel a page is about. Only where there is something to choose. */
export function ChannelChoice({ channel, wayTo, disabled = false }: Props) {
  const statuses = useLive(state => state.statuses);
  const [, go] = useLocation();
  const ids = inChannelOrder(Object.keys(statuses));
  if (ids.length < 2) return null;
  return (
    <select className="input channel-choice" aria-label="Channel" value={channel} disabled={disabled} onChange={event => go(wayTo(event.target.value))}>
      {ids.map(id => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
  );
}
