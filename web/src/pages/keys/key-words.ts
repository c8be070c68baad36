import { CircleCheck, CircleOff, Clock, RefreshCw, type LucideIcon } from 'lucide-react';
import type { Key, Source, Stream } from '../../api/types';
import type { Tone } from '../../ui/badge';
import { inChannelOrder } from '../../live/channel-ways';
import { encoderName } from '../../live/encoder-name';
import { duration } from '../../ui/time';
import { timeOf } from './key-values';

/** A key that ends within this time deserves a look: a show may be planned for tomorrow. */
const soonMs = 48 * 3_600_000;

/** When a key ends: its own end, or that of the overlap after its rotation; null: never. */
export function endOf(key: Pick<Key, 'expiresAt' | 'validUntil'>): number | null {
  const ends = [key.expiresAt, key.validUntil].flatMap(time => (time === null ? [] : [Date.parse(time)]));
  return ends.length === 0 ? null : Math.min(...ends);
}

/** State and end in words. */
export function stateOf(key: Pick<Key, 'state' | 'expiresAt' | 'validUntil'>, now: number): { words: string; tone: Tone; icon: LucideIcon } {
  const end = endOf(key);
  if (key.state === 'expired' || (end !== null && end <= now)) return { words: 'Ended', tone: 'off', icon: CircleOff };
  const left = end === null ? '' : duration((end - now) / 1_000).replace(/^(\d+ [a-z]+) .*/, '$1');
  if (key.state === 'replaced') return { words: `Replaced, ends in ${left}`, tone: 'warn', icon: RefreshCw };
  if (end === null) return { words: 'Works, no end', tone: 'good', icon: CircleCheck };
  return end - now < soonMs ? { words: `Ends in ${left}`, tone: 'warn', icon: Clock } : { words: `Works, ${left} left`, tone: 'good', icon: CircleCheck };
}

/** Who is publishing where this key is for. `isSure`: with this key; else it is not known yet with which. */
export interface Publisher {
  where: string;
  from: string;
  isSure: boolean;
}

/** Who a revoke of this key (or a rotation with kick) throws off the air; null: nobody. `streams` say with which keys the publishers came; undefined: not known yet. */
export function publisherOf(
  key: Pick<Key, 'id' | 'channelId' | 'sourceId'>,
  sources: readonly Pick<Source, 'id' | 'encoder' | 'remoteAddress' | 'clientId'>[],
  streams: readonly Pick<Stream, 'clientId' | 'keyId'>[] | undefined,
): Publisher | null {
  const source = sources.find(({ id }) => id === key.sourceId);
  if (!source?.clientId) return null;
  const stream = streams?.find(({ clientId }) => clientId === source.clientId);
  if (stream && stream.keyId !== key.id) return null;
  return {
    where: `${key.channelId} › ${key.sourceId}`,
    from: [encoderName(source.encoder), source.remoteAddress && `from ${source.remoteAddress}`].filter(Boolean).join(' ') || 'An encoder',
    isSure: stream !== undefined,
  };
}

/** `expiresAt` of a request from what was chosen: never, a number of days from now, or a day and time of the browser's own clock. */
export function expiryOf(choice: string, custom: string, now: number): string {
  if (choice === 'never') return 'never';
  if (choice !== 'custom') return new Date(now + Number(choice) * 86_400_000).toISOString();
  return timeOf(custom);
}

type Named = Pick<Key, 'name' | 'origin' | 'channelId' | 'sourceId' | 'replacedBy'>;

/** Was it a source's own key before that was rotated? Such a key keeps the name that the server gave it. */
const wasOwn = ({ name, replacedBy, channelId, sourceId }: Named): boolean => replacedBy !== null && name === `${channelId}/${sourceId}`;

/** A key as the list calls it. */
export function titleOf(key: Named): string {
  const target = `${key.channelId} › ${key.sourceId}`;
  if (key.origin === 'channel') return `Own key of ${target}`;
  return wasOwn(key) ? `Earlier own key of ${target}` : key.name;
}

/** Sources' own keys first, by channel and source, each with those that it took the place of; then the others, the newest first. */
export function inOrder<T extends Named & Pick<Key, 'createdAt'>>(keys: readonly T[]): T[] {
  const isOwn = (key: T) => key.origin === 'channel' || wasOwn(key);
  const byName = (a: string, b: string) => (a === b ? 0 : inChannelOrder([a, b])[0] === a ? -1 : 1);
  return [...keys].sort(
    (a, b) =>
      Number(isOwn(b)) - Number(isOwn(a)) ||
      (isOwn(a) ? byName(a.channelId, b.channelId) || byName(a.sourceId, b.sourceId) || Number(b.origin === 'channel') - Number(a.origin === 'channel') : 0) ||
      b.createdAt.localeCompare(a.createdAt),
  );
}
