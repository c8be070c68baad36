import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { useCaller } from '../../session/session';
import { Button } from '../../ui/button';
import { Checks, SelectField } from '../../ui/choice';
import { Copy } from '../../ui/copy';
import { Dialog } from '../../ui/dialog';
import { Field, FieldProblem, Form, FormFoot, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { endOf, scopes, terms } from './rules';

const fields = ['name', 'scopes', 'expiresAt'] as const;

/** Makes a token, and shows it this once. */
export function TokenDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(['view']);
  const [term, setTerm] = useState<string>('90');
  const [until, setUntil] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const queries = useQueryClient();
  const me = useCaller();
  const submit = useCallback(async () => {
    const expiresAt = endOf(term, until, Date.now());
    if (expiresAt === '') throw new FieldProblem('expiresAt', 'Choose a day.');
    const made = await api.post('/api/tokens', { body: { name, scopes: [...chosen], ...(expiresAt === null ? {} : { expiresAt }) } });
    setSecret(made.token ?? '');
    await queries.invalidateQueries({ queryKey: ['tokens'] });
  }, [chosen, name, queries, term, until]);
  const state = useForm(fields, submit);
  if (secret !== null) {
    return (
      <Dialog isOpen onOpenChange={onClose} title={`The token ${name}`}>
        <div className="stack">
          <Notice tone="warn">Copy it now: it is not shown again, and nobody can look it up.</Notice>
          <Copy label="token" value={secret} />
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
    <Dialog isOpen onOpenChange={onClose} title="Make an API token" description="It acts for you, and may at most what you may.">
      <Form state={state} className="stack dialog-part">
        <Field label="Name" name="name" value={name} onChange={setName} state={state} hint="What it is for: “Stream Deck”, “backup script”." maxLength={64} autoComplete="off" required />
        <Checks
          label="It may"
          name="scopes"
          values={chosen}
          onChange={setChosen}
          options={scopes.filter(({ value }) => me.permissions.includes(value))}
          state={state}
        />
        <SelectField label="It is good for" name={term === 'until' ? 'term' : 'expiresAt'} value={term} onChange={setTerm} options={terms} state={state} />
        {term === 'until' && <Field label="Last day" name="expiresAt" type="date" value={until} onChange={setUntil} state={state} required />}
        <FormFoot state={state} onCancel={onClose}>
          Make token
        </FormFoot>
      </Form>
    </Dialog>
  );
}
