import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import { useWelcome } from '../../session/session';
import { Button } from '../../ui/button';
import { Field, FieldProblem, Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { dateTime } from '../../ui/time';
import '../../app/shell.css';

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
  useEffect(() => {
    document.title = 'Set your password · Stream Manager';
  }, []);
  return (
    <main className="alone">
      <span className="brand">
        <img src="/favicon.svg" width={30} height={30} alt="" />
        Stream Manager
      </span>
      <section className="card card-body stack" aria-labelledby="join">
        <h1 id="join">Set your password</h1>
        {token === '' ? (
          <Notice tone="warn">
            The link is not complete: copy it whole, with everything behind the <code>#</code>. Do you have a password already? Then <Link href="/">log in</Link>.
          </Notice>
        ) : (
          <Loaded query={look} height={280}>
            {link => <PasswordForm token={token} {...link} />}
          </Loaded>
        )}
      </section>
    </main>
  );
}

function PasswordForm({ token, name, role, hasPassword, expiresAt }: { token: string; name: string; role: string; hasPassword: boolean; expiresAt: string }) {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [, go] = useLocation();
  const queries = useQueryClient();
  const welcome = useWelcome();
  const submit = useCallback(async () => {
    if (password !== again) throw new FieldProblem('again', 'The two passwords are not the same.');
    const me = await api.post('/api/user-link/password', { body: { token, password } });
    // Somebody else may have been logged in here.
    queries.clear();
    welcome(me);
    // The token has been used: it leaves the address and the history with it.
    go('/', { replace: true });
  }, [again, go, password, queries, token, welcome]);
  const state = useForm(fields, submit);
  return (
    <>
      <p className="soft">
        {hasPassword ? `A new one for ${name}. It takes the place of the one before, and ends all sessions.` : `You are ${name} here, and come in as ${role}.`} The link works once, until {dateTime(expiresAt)}.
      </p>
      <Form state={state}>
        {/* For password managers: they keep the two together. */}
        <input type="text" name="username" value={name} autoComplete="username" readOnly hidden />
        <Field
          label="Password"
          name="password"
          type="password"
          value={password}
          onChange={setPassword}
          state={state}
          autoComplete="new-password"
          maxLength={256}
          required
          hint="At least 10 characters. Some words in a row are easy to keep in mind."
        />
        <Field label="Password again" name="again" type="password" value={again} onChange={setAgain} state={state} autoComplete="new-password" required />
        <Button look="primary" type="submit" isBusy={state.isBusy}>
          <KeyRound size={16} aria-hidden />
          Set password and log in
        </Button>
      </Form>
    </>
  );
}
