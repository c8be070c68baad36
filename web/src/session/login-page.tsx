import * as Primitive from '@radix-ui/react-dialog';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../api/client';
import { Button } from '../ui/button';
import { Field, Form, useForm } from '../ui/form';
import { Notice } from '../ui/notice';
import { useWelcome } from './session';
import '../app/shell.css';

const fields = ['name', 'password'] as const;

/** Stands in place of whatever page was asked for by somebody who is not logged in; after the login that page is there. */
export function LoginPage() {
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get('/api/setup') });
  useEffect(() => {
    document.title = 'Log in · Stream Manager';
  }, []);
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
        <LoginForm />
      </section>
    </main>
  );
}

/** Stands over the page of somebody whose session has ended. It does not close by itself: what is under it cannot be sent before. */
export function LoginDialog({ name }: { name: string }) {
  const opener = useRef<Element | null>(null);
  return (
    <Primitive.Root open>
      <Primitive.Portal>
        <div className="scrim" aria-hidden />
        <Primitive.Content
          className="dialog"
          onEscapeKeyDown={event => event.preventDefault()}
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={event => {
            if (!(opener.current instanceof HTMLElement)) return;
            event.preventDefault();
            opener.current.focus();
          }}
        >
          <div className="dialog-head">
            <Primitive.Title>Log in</Primitive.Title>
          </div>
          <Primitive.Description asChild>
            <p className="soft">The session of {name} has ended. What you entered is still there, and can be sent after the login. For somebody else the page begins anew.</p>
          </Primitive.Description>
          <div className="dialog-part">
            <LoginForm name={name} />
          </div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
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
