import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api, session } from '../api/client';
import { ApiError } from '../api/problem';
import type { Me, Permission } from '../api/types';

/** Whose pages these are. */
export interface Visitor extends Me {
  /** The session is over: the pages stay as they are, with what was entered, until somebody logs in. */
  hasEnded: boolean;
}

/** Asks the server who is logged in; null: nobody, or not any more. */
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

const who = (me: Me) => me.user?.id ?? me.actor;

/** Null for those who have just come, and for whoever has logged out. */
const ended = (before: Visitor | null | undefined): Visitor | null => (before ? { ...before, hasEnded: true } : null);

/** Asks who is logged in. Undefined while that is not known; null: nobody. */
export function useMe() {
  const queries = useQueryClient();
  return useQuery({
    queryKey: meKey,
    queryFn: async ({ signal }): Promise<Visitor | null> => {
      const me = await readMe(signal);
      return me ? { ...me, hasEnded: false } : ended(queries.getQueryData<Visitor | null>(meKey));
    },
    staleTime: Infinity,
    // Without an answer there is no page: it is asked until the server is there.
    retry: (_, error) => !(error instanceof ApiError),
    retryDelay: attempt => Math.min(500 * 2 ** attempt, 5_000),
  });
}

/** Takes over what login and set-up answer. */
export function useWelcome() {
  const queries = useQueryClient();
  return (me: Me) => welcome(queries, me);
}

/** Whoever comes back after the end of the session goes on where the pages are; for another one nothing is left of what was read and entered before. */
function welcome(queries: QueryClient, me: Me): void {
  session.antiforgery = me.csrfToken;
  const before = queries.getQueryData<Visitor | null>(meKey);
  queries.setQueryData(meKey, { ...me, hasEnded: false });
  if (!before) return;
  if (who(before) !== who(me)) queries.removeQueries({ predicate: isNotMe });
  else if (before.hasEnded) void queries.invalidateQueries({ predicate: isNotMe });
}

const isNotMe = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== meKey[0];

/** Ends the session here and on the server. */
export function useLogout() {
  const queries = useQueryClient();
  return async () => {
    try {
      await api.post('/api/logout');
    } catch (error) {
      // It had ended before.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    leave(queries);
  };
}

/** Shows the login. What was read for whoever was here is not there for the next one; the answer to "who is it" stays in its place, since those who look at it would not hear of another. */
function leave(queries: QueryClient): void {
  session.antiforgery = null;
  queries.setQueryData(meKey, null);
  queries.removeQueries({ predicate: isNotMe });
}

/** Shows the login over the page as soon as any answer is 401: nothing that was entered is lost. */
export function useExpiry() {
  const queries = useQueryClient();
  useEffect(() => {
    session.onUnauthorized = () => {
      session.antiforgery = null;
      queries.setQueryData<Visitor | null>(meKey, before => (before?.hasEnded === false ? ended(before) : before));
    };
    session.renew = async () => {
      const me = await readMe();
      if (me) welcome(queries, me);
    };
  }, [queries]);
}

const MeContext = createContext<Me | null>(null);

/** The pages of one person: for another one they are made anew. */
export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return (
    <MeContext.Provider key={who(me)} value={me}>
      {children}
    </MeContext.Provider>
  );
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
