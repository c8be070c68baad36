import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import type { Key } from '../../api/types';
import { useStatus } from '../../live/live';
import { publisherOf, type Publisher } from './key-words';

/** A publish is a source's some moments before it is listed among the streams. */
const againMs = 1_000;

/** Who is on air with this key, as the server says it; asked for anew when another encoder comes. */
export function usePublisher(key: Key): Publisher | null {
  const sources = useStatus(key.channelId)?.sources ?? [];
  const clientId = sources.find(({ id }) => id === key.sourceId)?.clientId ?? null;
  const { data } = useQuery({
    queryKey: ['streams', clientId],
    queryFn: () => api.get('/api/streams'),
    enabled: clientId !== null,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data?.some(stream => stream.clientId === clientId) ? false : againMs),
  });
  return publisherOf(key, sources, data);
}
