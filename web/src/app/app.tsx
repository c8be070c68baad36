import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { LoaderCircle } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Route, Switch, useRoute } from 'wouter';
import { ApiError, wordsOf } from '../api/problem';
import { LiveProvider } from '../live/live';
import { LoginDialog, LoginPage } from '../session/login-page';
import { MeProvider, useExpiry, useMe } from '../session/session';
import { Button } from '../ui/button';
import { toast, Toasts } from '../ui/toasts';
import { NotFound } from './not-found';
import { pages } from './pages';
import { Shell } from './shell';

const JoinPage = lazy(() => import('../pages/join/join-page'));
const SetupPage = lazy(() => import('../pages/setup/setup-page'));

/** Who was refused is not helped by asking again; who did not reach the server may be. */
const mostRetries = 2;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The WebSocket says what has changed (live/live.tsx): nothing is asked again because a window got the focus.
        refetchOnWindowFocus: false,
        staleTime: 30_000,
        retry: (count, error) => count < mostRetries && !(error instanceof ApiError),
      },
      // Whoever shows errors in a place of its own (a form, a dialog) does not use mutations, or gives an onError of its own.
      mutations: { onError: error => toast.bad(error) },
    },
  });
}

export function App() {
  const [client] = useState(makeQueryClient);
  return (
    <QueryClientProvider client={client}>
      <Gate />
      <Toasts />
    </QueryClientProvider>
  );
}

const waiting = (
  <div className="centered" role="status">
    <LoaderCircle className="spinner" aria-hidden />
    <span className="hidden-visually">Loading</span>
  </div>
);

/** Set-up, login, or the pages. */
function Gate() {
  useExpiry();
  const me = useMe();
  const [isSetup] = useRoute('/setup');
  const [isJoin] = useRoute('/join');
  if (isSetup || isJoin) {
    return (
      <Suspense fallback={waiting}>
        {isSetup ? <SetupPage /> : <JoinPage />}
      </Suspense>
    );
  }
  if (me.data === undefined) {
    if (me.error === null) return waiting;
    return (
      <main className="centered">
        <div className="stack">
          <p role="alert">{wordsOf(me.error)}</p>
          <Button onClick={() => me.refetch()}>Try again</Button>
        </div>
      </main>
    );
  }
  if (me.data === null) return <LoginPage />;
  return (
    <MeProvider me={me.data}>
      <LiveProvider isPaused={me.data.hasEnded}>
        <Shell>
          <Suspense fallback={waiting}>
            <Switch>
              {pages.map(({ path, component }) => (
                <Route key={path} path={path} component={component} />
              ))}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </Shell>
      </LiveProvider>
      {me.data.hasEnded && <LoginDialog name={me.data.user?.name ?? ''} />}
    </MeProvider>
  );
}
