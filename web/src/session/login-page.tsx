import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../api/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, Form, useForm } from '../ui/form';
import { Notice } from '../ui/notice';
import { AlonePage } from './alone-page';
import { useWelcome } from './session';

const fields = ['name', 'password'] as const;

/** Stands in place of whatever page was asked for by somebody who is not logged in; after the login that page is there. */
export function LoginPage() {
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get('/api/setup') });
  return (
    <AlonePage title="Log in">
      <h1 id="alone">Log in</h1>
      {setup.data?.isNeeded === true && (
        <Notice tone="calm">
          This server has no owner yet. Open the set-up link that it printed when it was started; it begins with <code>/setup#</code>.
        </Notice>
      )}
      <LoginForm />
    </AlonePage>
  );
}

/** Stands over the page of somebody whose session has ended, for nothing under it can be sent before the login. */
export function LoginDialog({ name }: { name: string }) {
  return (
    <Dialog isOpen title="Log in" description={`The session of ${name} has ended. What you entered is still there, and can be sent after the login. For somebody else the page begins anew.`}>
      <LoginForm name={name} />
    </Dialog>
  );
}

function LoginForm({ name: known = '' }: { name?: string }) {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
  const welcome = useWelcome();
  const submit = useCallback(async () => welcome(await api.post('/api/login', { body: { name, password } })), [name, password, welcome]);
  const state = useForm(fields, submit);
  return (
    <Form state={state}>
      <Field label="Name" name="name" value={name} onChange={setName} state={state} autoComplete="username" autoCapitalize="none" required />
      <Field label="Password" name="password" type="password" value={password} onChange={setPassword} state={state} autoComplete="current-password" required />
      <Button look="primary" type="submit" isBusy={state.isBusy}>
        Log in
      </Button>
    </Form>
  );
}
