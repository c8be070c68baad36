import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Status } from '../api/types';
import { LiveConnection, type LinkState } from './connection';
import type { Frame, LiveEvent } from './frames';
import { oneAtATime } from './one-at-a-time';
import { applyFrame, emptyState, withEvents, withHistory, type History, type LiveState } from './state';

/** Holds what the WebSocket tells, for whoever looks. */
class LiveStore {
  private state: LiveState = emptyState;
  private linkState: LinkState = { kind: 'connecting' };
  private readonly listeners = new Set<() => void>();
  private readonly curved = new Set<string>();
  private readHistory: ((channel: string) => void) | null = null;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  readonly read = () => this.state;

  readonly readLink = () => this.linkState;

  set(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    this.tell();
  }

  setLink(link: LinkState): void {
    this.linkState = link;
    this.tell();
  }

  /** Somebody looks at curves of a channel: what the server has measured before is read, now and after each time without a connection. */
  wantCurves(channel: string): void {
    if (this.curved.has(channel)) return;
    this.curved.add(channel);
    this.readHistory?.(channel);
  }

  /** How histories are read while there is a connection; null: there is none. */
  setHistoryReader(read: ((channel: string) => void) | null): void {
    this.readHistory = read;
    if (read !== null) this.curved.forEach(read);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

const LiveContext = createContext<LiveStore | null>(null);

function useStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error('There is no LiveProvider above.');
  return store;
}

/** Kinds of events after which lists that were read by REST may be old. */
const changedBy: readonly (readonly [prefix: string, query: string])[] = [
  ['audit.destination.', 'destinations'],
  ['audit.key.', 'keys'],
  ['audit.channel.', 'channels'],
  ['audit.channel.', 'configuration'],
  ['audit.webhook.', 'webhooks'],
  ['audit.user.', 'users'],
  ['audit.token.', 'tokens'],
  ['audit.session.', 'sessions'],
  ['media.', 'media'],
  ['program.', 'broadcasts'],
  ['destination.', 'broadcasts'],
  ['audit.broadcast.', 'broadcasts'],
  ['server.configuration', 'configuration'],
  ['server.configuration', 'channels'],
  ['server.configuration', 'destinations'],
  ['server.configuration', 'keys'],
];

/** What the strip of the live page tells of (pages/live/journal.ts): without this, viewers who come and go would push it out. */
const ofShows = 'program,source,destination,audit.channel,server';

/** Brings what was read by REST up to date. */
function tellQueries(queries: QueryClient, readDeliveries: (webhook: string) => void, frame: Frame): void {
  switch (frame.type) {
    case 'event':
      for (const [prefix, query] of changedBy) {
        if (frame.data.type.startsWith(prefix)) void queries.invalidateQueries({ queryKey: [query] });
      }
      break;
    case 'drill':
      queries.setQueryData(['drill', frame.channel], frame.data);
      break;
    case 'webhooks':
      void queries.invalidateQueries({ queryKey: ['webhooks'], exact: true });
      frame.data.webhooks.forEach(readDeliveries);
      break;
  }
}

/** Opens the WebSocket for as long as somebody is logged in; paused: what was told last stays. */
export function LiveProvider({ isPaused, children }: { isPaused: boolean; children: ReactNode }) {
  const [store] = useState(() => new LiveStore());
  const queries = useQueryClient();
  useEffect(() => {
    if (isPaused) {
      store.setLink({ kind: 'connecting' });
      return;
    }
    let wasLost = false;
    const readDeliveries = oneAtATime(id => queries.invalidateQueries({ queryKey: ['webhooks', id] }));
    const readJournal = () => {
      api.get('/api/events', { query: { limit: 100, type: ofShows } }).then(
        page => store.set(withEvents(store.read(), page.events as LiveEvent[])),
        () => undefined, // It is asked again with the next connection, and the page does without.
      );
    };
    const readHistory = (channel: string) => {
      api.get('/api/channels/{id}/history', { path: { id: channel } }).then(
        measured => store.set(withHistory(store.read(), measured)),
        () => undefined, // The curves begin now.
      );
    };
    const url = new URL('/ws', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const connection = new LiveConnection(url.href, {
      onFrame: frame => {
        store.set(applyFrame(store.read(), frame, Date.now()));
        tellQueries(queries, readDeliveries, frame);
      },
      onState: link => {
        store.setLink(link);
        if (link.kind === 'lost') wasLost = true;
        store.setHistoryReader(link.kind === 'open' ? readHistory : null);
        if (link.kind !== 'open') return;
        readJournal();
        if (wasLost) void queries.invalidateQueries();
        wasLost = false;
      },
      // A WebSocket does not say why it was refused; a plain request does, and 401 leads to the login.
      onFailure: () => void queries.invalidateQueries({ queryKey: ['me'] }),
    });
    return () => {
      store.setHistoryReader(null);
      connection.close();
    };
  }, [isPaused, queries, store]);
  return <LiveContext.Provider value={store}>{children}</LiveContext.Provider>;
}

/** Part of what is live; renders again when that part is another object. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => select(store.read()));
}

/** The connection to the server. */
export function useLink(): LinkState {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.readLink);
}

/** A channel's state; null: not told yet. */
export const useStatus = (channel: string): Status | null => useLive(state => state.statuses[channel] ?? null);

/** Curves of a destination ("channel/id"), a source ("channel/source/id") or a program ("channel"). */
export function useHistory(key: string): History | null {
  const store = useStore();
  const channel = key.split('/')[0] ?? key;
  useEffect(() => store.wantCurves(channel), [store, channel]);
  return useLive(state => state.histories[key] ?? null);
}

/** The server's clock by which times of events are to be judged, read anew `everyMs`. */
export function useServerNow(everyMs = 1_000): number {
  const offset = useLive(state => state.clockOffsetMs);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now + offset;
}
