import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../../api/client';
import { Dialog } from '../../ui/dialog';
import { Field, Form, FormFoot, useForm } from '../../ui/form';
import { toast } from '../../ui/toasts';

const fields = ['id'];

export function NewChannel({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Dialog isOpen={isOpen} onOpenChange={onOpenChange} title="New channel" description="A program of its own, with its own sources, keys, fallback and destinations.">
      <NewChannelForm onCancel={() => onOpenChange(false)} />
    </Dialog>
  );
}

function NewChannelForm({ onCancel }: { onCancel: () => void }) {
  const [id, setId] = useState('');
  const queries = useQueryClient();
  const [, go] = useLocation();
  const submit = useCallback(async () => {
    const made = await api.post('/api/channels', { body: { id: id.trim() } });
    for (const list of ['channels', 'keys']) void queries.invalidateQueries({ queryKey: [list] });
    toast.good(`The channel ${made.id} is there, with a key for each of its sources.`);
    go(`/channels/${made.id}`);
  }, [go, id, queries]);
  const state = useForm(fields, submit);
  return (
    <Form state={state} className="stack dialog-form">
      <Field label="Id" name="id" value={id} onChange={setId} state={state} maxLength={40} spellCheck={false} autoCapitalize="none" placeholder="second-stage" hint="Lower-case letters, digits and dashes. It stands in addresses, and cannot be changed." />
      <FormFoot state={state} onCancel={onCancel}>
        Create channel
      </FormFoot>
    </Form>
  );
}
