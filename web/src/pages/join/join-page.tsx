import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import { AlonePage } from '../../session/alone-page';
import { NewPasswordFields, useNewPassword } from '../../session/new-password';
import { useWelcome } from '../../session/session';
import { Button } from '../../ui/button';
import { Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { dateTime } from '../../ui/time';

const fields = ['password', 'again'] as const;

/** Where a user's link leads: a password is set by it, once. The token is behind the #, which browsers send to nobody. */
export default function JoinPage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const look = useQuery({
    queryKey: ['user-link', token],
    queryFn: () => api.post('/api/user-link', { body: { token } }),
    enabled: token !== '',
    gcTime: 0,
    staleTime: Infinity,
    retry: (_, error) => !(error instanceof ApiError),
  });
  return (
    <AlonePage title="Set your password">
      <h1 id="alone">Set your password</h1>
      {token === '' ? (
        <Notice tone="warn">
          The link is not complete: copy it whole, with everything behind the <code>#</code>. Do you have a password already? Then <Link href="/">log in</Link>.
        </Notice>
      ) : (
        <Loaded query={look} height={280}>
          {link => <PasswordForm token={token} {...link} />}
        </Loaded>
      )}
    </AlonePage>
  );
}

function PasswordForm({ token, name, role, hasPassword, expiresAt }: { token: string; name: string; role: string; hasPassword: boolean; expiresAt: string }) {
  const password = useNewPassword();
  const { read } = password;
  const [, go] = useLocation();
  const queries = useQueryClient();
  const welcome = useWelcome();
  const submit = useCallback(async () => {
    const me = await api.post('/api/user-link/password', { body: { token, password: read() } });
    // Somebody else may have been logged in here.
    queries.clear();
    welcome(me);
    // The token has been used: it leaves the address and the history with it.
    go('/', { replace: true });
  }, [go, queries, read, token, welcome]);
  const state = useForm(fields, submit);
  return (
    <>
      <p className="soft">
        {hasPassword ? `A new one for ${name}. It takes the place of the one before, and ends all sessions.` : `You are ${name} here, and come in as ${role}.`} The link works once, until {dateTime(expiresAt)}.
      </p>
      <Form state={state}>
        {/* For password managers: they keep the two together. */}
        <input type="text" name="username" value={name} autoComplete="username" readOnly hidden />
        <NewPasswordFields of={password} state={state} />
        <Button look="primary" type="submit" isBusy={state.isBusy}>
          <KeyRound size={16} aria-hidden />
          Set password and log in
        </Button>
      </Form>
    </>
  );
}
