import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { api, session } from '../api/client';
import { LoginDialog } from './login-page';
import { MeProvider, useExpiry, useLogout, useMe } from './session';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const anna = { csrfToken: 'x', permissions: [], actor: 'user:1', user: { id: '1', name: 'anna' } };
const ben = { ...anna, actor: 'user:2', user: { id: '2', name: 'ben' } };

function Page() {
  useExpiry();
  const me = useMe();
  if (me.data === undefined) return null;
  if (me.data === null) return <p>The login</p>;
  return (
    <MeProvider me={me.data}>
      <Entered />
      {me.data.hasEnded && <LoginDialog name={me.data.user?.name ?? ''} />}
    </MeProvider>
  );
}

/** A form that is open. */
function Entered() {
  const logout = useLogout();
  return (
    <>
      <input aria-label="Title" />
      <button onClick={() => void logout()}>Log out</button>
    </>
  );
}

/** A page of somebody who is logged in, with a list that was read for them. `next` is who logs in then. */
async function loggedIn(next: unknown = anna): Promise<QueryClient> {
  let hasEnded = false;
  vi.stubGlobal('fetch', (path: string) => {
    if (path === '/api/me') return Promise.resolve(hasEnded ? Response.json({ code: 'unauthorized', message: 'Log in.' }, { status: 401 }) : Response.json(anna));
    if (path === '/api/login') return Promise.resolve(Response.json(next));
    hasEnded = path === '/api/destinations';
    return Promise.resolve(hasEnded ? Response.json({ code: 'unauthorized', message: 'Log in.' }, { status: 401 }) : new Response(null, { status: 204 }));
  });
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

/** Something is entered, and sent after the session has ended. */
async function enteredTooLate(queries: QueryClient): Promise<void> {
  await userEvent.type(screen.getByLabelText('Title'), 'Evening show');
  await expect(api.get('/api/destinations')).rejects.toThrow();
  expect(await screen.findByRole('dialog', { name: 'Log in' })).toBeTruthy();
  // Whoever asks again who is there does not take the page away.
  await queries.invalidateQueries({ queryKey: ['me'] });
  expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Evening show');
}

async function logIn(): Promise<void> {
  await userEvent.type(screen.getByLabelText('Password'), 'a phrase');
  await userEvent.click(screen.getByRole('button', { name: 'Log in' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
}

it('shows the login after a logout, and leaves the next one nothing to read', async () => {
  const queries = await loggedIn();
  await userEvent.click(screen.getByText('Log out'));
  expect(await screen.findByText('The login')).toBeTruthy();
  expect(queries.getQueryData(['users'])).toBeUndefined();
});

it('keeps what was entered when the session has ended, until the same person is back', async () => {
  const queries = await loggedIn();
  await enteredTooLate(queries);
  expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('anna');
  await logIn();
  expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Evening show');
  expect(queries.getQueryData(['users'])).toEqual(['anna']);
  expect(session.antiforgery).toBe('x');
});

it('drops all of it when somebody else logs in', async () => {
  const queries = await loggedIn(ben);
  await enteredTooLate(queries);
  await logIn();
  expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('');
  expect(queries.getQueryData(['users'])).toBeUndefined();
});
