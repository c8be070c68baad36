import { useCallback, useState } from 'react';
import { Field, FieldProblem, type FormState } from '../ui/form';

/** A password that somebody makes up, typed twice. `read` gives it, and throws when the two are not the same. */
export function useNewPassword() {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const read = useCallback(() => {
    if (password !== again) throw new FieldProblem('again', 'The two passwords are not the same.');
    return password;
  }, [again, password]);
  return { password, setPassword, again, setAgain, read };
}

/** Its two fields: "password" and "again" of the form. */
export function NewPasswordFields({ of: { password, setPassword, again, setAgain }, state }: { of: ReturnType<typeof useNewPassword>; state: FormState }) {
  return (
    <>
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
    </>
  );
}
