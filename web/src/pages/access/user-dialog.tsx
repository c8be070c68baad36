import { useQueryClient } from '@tanstack/react-query';
import { Dices } from 'lucide-react';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import type { User } from '../../api/types';
import { changes } from '../../editing/merge';
import { useCaller } from '../../session/session';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/choice';
import { Copy } from '../../ui/copy';
import { Dialog } from '../../ui/dialog';
import { Field, Form, FormFoot, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Switch } from '../../ui/switch';
import { toast } from '../../ui/toasts';
import { LinkShown } from './link-dialog';
import { makePassword, roles } from './rules';

const fields = ['name', 'role', 'password', 'enabled', 'link'] as const;

const ways = [
  { value: 'link', label: 'The user sets it, by a link' },
  { value: 'password', label: 'You set it, and hand it over' },
];

/** Adds a user, or changes one. */
export function UserDialog({ user, isLast, onClose }: { user: User | null; isLast: boolean; onClose: () => void }) {
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState(user?.role ?? 'operator');
  const [password, setPassword] = useState(() => (user === null ? makePassword() : ''));
  const [isEnabled, setEnabled] = useState(user?.enabled ?? true);
  const [way, setWay] = useState(user === null ? 'link' : 'password');
  const [added, setAdded] = useState<User | null>(null);
  const queries = useQueryClient();
  const me = useCaller();
  const isMe = user !== null && user.id === me.user?.id;
  const submit = useCallback(async () => {
    if (user === null) setAdded(await api.post('/api/users', { body: { name, role, ...(way === 'link' ? { link: true } : { password }) } }));
    else await api.put('/api/users/{id}', { path: { id: user.id }, body: { ...changes(user, { ...user, name, role, enabled: isEnabled }), ...(password === '' ? {} : { password }) } });
    await queries.invalidateQueries({ queryKey: ['users'] });
    if (user === null) return;
    toast.good(`${name} was changed.`);
    onClose();
  }, [isEnabled, name, onClose, password, queries, role, user, way]);
  const state = useForm(fields, submit);
  if (added?.link != null) return <LinkShown made={added} onClose={onClose} />;
  if (added !== null) {
    return (
      <Dialog isOpen onOpenChange={onClose} title={`${name} may log in now`} description="Hand this over by a way that nobody else reads. The password is not shown again; it can be changed after the login.">
        <div className="stack dialog-part">
          <Copy label="login" value={`${window.location.origin}\nName: ${name}\nPassword: ${password}`} shown={`${name} · ${password}`} />
          <div className="dialog-foot">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog isOpen onOpenChange={onClose} title={user === null ? 'Add a user' : `Change ${user.name}`}>
      <Form state={state}>
        <Field label="Name" name="name" value={name} onChange={setName} state={state} maxLength={64} autoComplete="off" autoCapitalize="none" required />
        <SelectField
          label="Role"
          name="role"
          value={role}
          onChange={setRole}
          options={roles}
          state={state}
          disabled={isLast}
          hint={isLast ? 'The last owner stays one. Make another user an owner first.' : roles.find(({ value }) => value === role)?.hint}
        />
        {user === null && <SelectField label="Password" name="link" value={way} onChange={setWay} options={ways} state={state} />}
        {way === 'link' ? (
          <Notice tone="calm">After adding you get a link to hand over. It works once, for two days.</Notice>
        ) : isMe ? (
          <Notice tone="calm">Your own password is changed further down on this page.</Notice>
        ) : (
          <Field
            label={user === null ? 'First password' : 'New password'}
            name="password"
            value={password}
            onChange={setPassword}
            state={state}
            maxLength={256}
            autoComplete="off"
            spellCheck={false}
            hint={user === null ? 'At least 10 characters. You can copy it once more after adding.' : 'Empty: it stays. A new one ends all sessions of this user.'}
            beside={
              <Button onClick={() => setPassword(makePassword())} aria-label="Make another password" title="Make another password">
                <Dices size={16} aria-hidden />
              </Button>
            }
          />
        )}
        {user !== null && !isLast && (
          <div className="row">
            <Switch label="May log in" isOn={isEnabled} onChange={setEnabled} />
            <span>May log in</span>
          </div>
        )}
        <FormFoot state={state} onCancel={onClose}>
          {user === null ? 'Add user' : 'Save'}
        </FormFoot>
      </Form>
    </Dialog>
  );
}
