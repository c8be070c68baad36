import type { LucideIcon } from 'lucide-react';
import { CircleOff, Hourglass, Radio, ShieldAlert } from 'lucide-react';
import type { Status } from '../../api/types';
import type { LiveEvent } from '../../live/frames';
import { clock } from '../../ui/format';

/** The state that nobody may misread. */
export interface AirState {
  kind: 'live' | 'fallback' | 'waiting' | 'off';
  /** "Live", "On fallback 00:28", "Waiting for source", "Off air". */
  words: string;
  /** One sentence: what the viewers see. */
  meaning: string;
  icon: LucideIcon;
}

/** When the program went to the fallback (server time, milliseconds), by the newest switch; null: it is not known. */
export function fallbackSince(status: Status, events: readonly LiveEvent[]): number | null {
  const newest = events.find(event => event.channel === status.channel && (event.type === 'program.switched' || event.type === 'program.onAir'));
  if (newest?.type === 'program.switched' && newest.data['to'] !== 'fallback') return null;
  // On air with the fallback from the beginning, or again after a restart of the server: then the broadcast is older.
  if (newest !== undefined) return Date.parse(newest.time);
  return status.startedAt === null ? null : Date.parse(status.startedAt);
}

/** What viewers see of a program that is on air; `seen` is what it shows. Nobody sees anything where nothing arrives. */
function meaningOf(destinations: Status['destinations'], seen: string): string {
  if (!destinations.some(({ enabled }) => enabled)) return 'On air, but sent nowhere: no destination is switched on.';
  if (!destinations.some(({ verdict }) => verdict === 'delivering' || verdict === 'stalled')) return 'On air, but it arrives at no destination yet.';
  return `Viewers see ${seen}.`;
}

export function airState(status: Status, events: readonly LiveEvent[], now: number): AirState {
  switch (status.state) {
    case 'live':
      return { kind: 'live', words: 'Live', meaning: meaningOf(status.destinations, status.program.activeSource === 'backup' ? 'your backup source' : 'your source'), icon: Radio };
    case 'fallback': {
      const since = fallbackSince(status, events);
      const isHeld = status.source.selected === 'fallback';
      return {
        kind: 'fallback',
        words: since === null ? 'On fallback' : `On fallback ${clock((now - since) / 1_000)}`,
        meaning: `${meaningOf(status.destinations, 'the fallback')} ${isHeld ? 'Somebody chose it; it stays until you return.' : 'Your source comes back by itself.'}`,
        icon: ShieldAlert,
      };
    }
    case 'waiting':
      return { kind: 'waiting', words: 'Waiting for source', meaning: 'Off air. It goes on air as soon as your encoder starts.', icon: Hourglass };
    default:
      return { kind: 'off', words: 'Off air', meaning: 'Nothing is sent to any destination.', icon: CircleOff };
  }
}
