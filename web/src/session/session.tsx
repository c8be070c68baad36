import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api, session } from '../api/client';
import { ApiError } from '../api/problem';
import type { Me, Permission } from '../api/types';

/** Who is logged in; null: nobody, or not any more. */
async function readMe(signal?: AbortSignal): Promise<Me | null> {
  try {
    const me = await api.get('/api/me', signal ? { signal } : {});
    session.antiforgery = me.csrfToken;
    return me;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

const meKey = ['me'] as const;

/** Asks who is logged in. Undefined while that is not known. */
export function useMe() {
  return useQuery({
    queryKey: meKey,
    queryFn: ({ signal }) => readMe(signal),
    staleTime: Infinity,
    // Without an answer there is no page: it is asked until the server is there.
    retry: (_, error) => !(error instanceof ApiError),
    retryDelay: attempt => Math.min(500 * 2 ** attempt, 5_000),
  });
}

/** Takes over what login and set-up answer. */
export function useWelcome() {
  const queries = useQueryClient();
  return (me: Me) => {
    session.antiforgery = me.csrfToken;
    queries.setQueryData(meKey, me);
  };
}

/** Ends the session here and on the server. */
export function useLogout() {
  const queries = useQueryClient();
  return async () => {
    await api.post('/api/logout');
    leave(queries);
  };
}

/** Shows the login. What was read for whoever was here is not there for the next one; the answer to "who is it" stays in its place, since those who look at it would not hear of another. */
function leave(queries: QueryClient): void {
  session.antiforgery = null;
  queries.setQueryData(meKey, null);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== meKey[0] });
}

/** Shows the login in place of the page as soon as any answer is 401. The address stays, and so one is back where one was. */
export function useExpiry() {
  const queries = useQueryClient();
  useEffect(() => {
    session.onUnauthorized = () => leave(queries);
    session.renew = async () => {
      queries.setQueryData(meKey, await readMe());
    };
  }, [queries]);
}

const MeContext = createContext<Me | null>(null);

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext.Provider value={me}>{children}</MeContext.Provider>;
}

/** Who is logged in, on every page behind the login. */
export function useCaller(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error('There is no MeProvider above.');
  return me;
}

/** May the caller do this? The server asks again; this only spares people buttons that refuse. */
export function useMay(permission: Permission): boolean {
  return useCaller().permissions.includes(permission);
}
