/** The channel that is there from the beginning, and is meant where none is named. */
export const mainChannel = 'main';

/** The live page of a channel. */
export const liveWay = (channel: string): string => (channel === mainChannel ? '/' : `/live/${encodeURIComponent(channel)}`);

/** The failover drill of a channel. */
export const drillWay = (channel: string): string => (channel === mainChannel ? '/drill' : `/drill/${encodeURIComponent(channel)}`);

/** A page that takes the channel from its query. */
export const wayOf = (path: '/start' | '/start/destination', channel: string): string => (channel === mainChannel ? path : `${path}?channel=${encodeURIComponent(channel)}`);

/** The channel that a query names. */
export const channelIn = (query: string): string => {
  const named = new URLSearchParams(query).get('channel') ?? '';
  return named === '' ? mainChannel : named;
};

/** The main channel first, the others by name. */
export const inChannelOrder = (ids: readonly string[]): string[] => [...ids].sort((a, b) => Number(b === mainChannel) - Number(a === mainChannel) || a.localeCompare(b));
