import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { session } from '../api/client';
import { useExpiry, useLogout, useMe } from './session';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Page() {
  useExpiry();
  const me = useMe();
  const logout = useLogout();
  if (me.data === undefined) return null;
  return me.data === null ? <p>The login</p> : <button onClick={() => void logout()}>Log out</button>;
}

/** A page of somebody who is logged in, with a list that was read for them. */
async function loggedIn(): Promise<QueryClient> {
  vi.stubGlobal('fetch', (path: string) => Promise.resolve(path === '/api/me' ? Response.json({ csrfToken: 'x', permissions: [], user: null }) : new Response(null, { status: 204 })));
  const queries = new QueryClient();
  queries.setQueryData(['users'], ['anna']);
  render(
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>,
  );
  await screen.findByText('Log out');
  return queries;
}

it('shows the login after a logout, and leaves the next one nothing to read', async () => {
  const queries = await loggedIn();
  await userEvent.click(screen.getByText('Log out'));
  expect(await screen.findByText('The login')).toBeTruthy();
  expect(queries.getQueryData(['users'])).toBeUndefined();
});

it('does the same when the session has ended', async () => {
  const queries = await loggedIn();
  session.onUnauthorized();
  expect(await screen.findByText('The login')).toBeTruthy();
  expect(queries.getQueryData(['users'])).toBeUndefined();
});
