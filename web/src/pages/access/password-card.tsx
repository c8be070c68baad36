import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { useWelcome } from '../../session/session';
import { Button } from '../../ui/button';
import { Field, FieldProblem, Form, useForm } from '../../ui/form';
import { toast } from '../../ui/toasts';

const fields = ['currentPassword', 'newPassword', 'again'] as const;

/** Changes one's own password; ends the other sessions. */
export function PasswordCard({ name }: { name: string }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const welcome = useWelcome();
  const queries = useQueryClient();
  const submit = useCallback(async () => {
    if (next !== again) throw new FieldProblem('again', 'The two passwords are not the same.');
    welcome(await api.post('/api/me/password', { body: { currentPassword: current, newPassword: next } }));
    setCurrent('');
    setNext('');
    setAgain('');
    toast.good('Your password was changed; your other sessions have ended.');
    await queries.invalidateQueries({ queryKey: ['sessions'] });
  }, [again, current, next, queries, welcome]);
  const state = useForm(fields, submit);
  return (
    <section className="card" aria-labelledby="password">
      <div className="card-head">
        <h2 id="password">Your password</h2>
      </div>
      <div className="card-body">
        <Form state={state} className="stack password-form">
          {/* Password managers need to know whose password it is. */}
          <input className="hidden-visually" type="text" name="username" value={name} autoComplete="username" readOnly tabIndex={-1} aria-hidden />
          <Field label="Current password" name="currentPassword" type="password" value={current} onChange={setCurrent} state={state} autoComplete="current-password" required />
          <Field
            label="New password"
            name="newPassword"
            type="password"
            value={next}
            onChange={setNext}
            state={state}
            autoComplete="new-password"
            maxLength={256}
            hint="At least 10 characters. It ends all your other sessions."
            required
          />
          <Field label="New password again" name="again" type="password" value={again} onChange={setAgain} state={state} autoComplete="new-password" required />
          <div>
            <Button look="primary" type="submit" isBusy={state.isBusy}>
              Change password
            </Button>
          </div>
        </Form>
      </div>
    </section>
  );
}
