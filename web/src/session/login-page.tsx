import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { api } from '../api/client';
import { Button } from '../ui/button';
import { Field, Form, useForm } from '../ui/form';
import { Notice } from '../ui/notice';
import { useWelcome } from './session';
import '../app/shell.css';

const fields = ['name', 'password'] as const;

/** Stands in place of whatever page was asked for; after the login that page is there. */
export function LoginPage() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const welcome = useWelcome();
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get('/api/setup') });
  useEffect(() => {
    document.title = 'Log in · Stream Manager';
  }, []);
  const submit = useCallback(async () => welcome(await api.post('/api/login', { body: { name, password } })), [name, password, welcome]);
  const state = useForm(fields, submit);
  return (
    <main className="alone">
      <span className="brand">
        <img src="/favicon.svg" width={30} height={30} alt="" />
        Stream Manager
      </span>
      <section className="card card-body stack" aria-labelledby="login">
        <h1 id="login">Log in</h1>
        {setup.data?.isNeeded === true && (
          <Notice tone="calm">
            This server has no owner yet. Open the set-up link that it printed when it was started; it begins with <code>/setup#</code>.
          </Notice>
        )}
        <Form state={state}>
          <Field label="Name" name="name" value={name} onChange={setName} state={state} autoComplete="username" autoCapitalize="none" required />
          <Field label="Password" name="password" type="password" value={password} onChange={setPassword} state={state} autoComplete="current-password" required />
          <Button look="primary" type="submit" isBusy={state.isBusy}>
            Log in
          </Button>
        </Form>
      </section>
    </main>
  );
}
