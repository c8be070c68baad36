import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import { AlonePage } from '../../session/alone-page';
import { NewPasswordFields, useNewPassword } from '../../session/new-password';
import { useMe, useWelcome } from '../../session/session';
import { Button } from '../../ui/button';
import { Field, Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';

const fields = ['name', 'password', 'again'] as const;

/** The first screen: makes the owner by the printed link. The token is behind the #, which browsers send to nobody. */
export default function SetupPage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const look = useQuery({ queryKey: ['setup'], queryFn: () => api.get('/api/setup'), gcTime: 0, staleTime: Infinity, retry: (_, error) => !(error instanceof ApiError) });
  return (
    <AlonePage title="Set up">
      <Loaded query={look} height={380}>
        {({ isNeeded }) => (isNeeded ? <Needed token={token} /> : <Done />)}
      </Loaded>
    </AlonePage>
  );
}

/** The link was used, or an owner was made another way. */
function Done() {
  const me = useMe();
  return (
    <>
      <h1 id="alone">The set-up is done</h1>
      <p className="soft">The owner is made, and so this link does not work any more. Who needs an account gets one from an owner, under Users and tokens.</p>
      <Link href="/" className="button button-primary">
        {me.data ? 'Open the dashboard' : 'Log in'}
      </Link>
    </>
  );
}

function Needed({ token }: { token: string }) {
  return (
    <>
      <div>
        <p className="soft small">Step 1 of 3</p>
        <h1 id="alone">Make the owner</h1>
      </div>
      {token === '' ? (
        <Notice tone="warn">
          The link is not complete: copy it whole from where the server was started, with everything behind the <code>#</code>.
        </Notice>
      ) : (
        <OwnerForm token={token} />
      )}
    </>
  );
}

function OwnerForm({ token }: { token: string }) {
  const [name, setName] = useState('');
  const password = useNewPassword();
  const { read } = password;
  const [, go] = useLocation();
  const welcome = useWelcome();
  const submit = useCallback(async () => {
    const me = await api.post('/api/setup', { body: { token, name, password: read() } });
    welcome(me);
    // The token has been used: it leaves the address and the history with it.
    go('/start', { replace: true });
  }, [go, name, read, token, welcome]);
  const state = useForm(fields, submit);
  return (
    <>
      <p className="soft">The owner may do everything, and can add others later. The link that brought you here works once.</p>
      <Form state={state}>
        <Field label="Name" name="name" value={name} onChange={setName} state={state} autoComplete="username" autoCapitalize="none" maxLength={64} required />
        <NewPasswordFields of={password} state={state} />
        <Button look="primary" type="submit" isBusy={state.isBusy}>
          <KeyRound size={16} aria-hidden />
          Make the owner
        </Button>
      </Form>
    </>
  );
}
