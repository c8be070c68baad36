import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { Form, FormFoot, useForm } from '../../ui/form';
import { SecretShown } from './secret-shown';

const fields = ['overlapSeconds'] as const;

const overlaps = [
  { value: '86400', label: 'For one more day' },
  { value: '604800', label: 'For seven more days' },
  { value: '3600', label: 'For one more hour' },
  { value: '0', label: 'No more: it has leaked' },
] as const;

/** A new secret; the old one signs beside it for a while, so that the receiver can be changed without a gap. */
export function RotateDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [overlap, setOverlap] = useState<string>('86400');
  const [secret, setSecret] = useState<string | null>(null);
  const queries = useQueryClient();
  const submit = useCallback(async () => {
    setSecret((await api.post('/api/webhooks/{id}/rotate-secret', { path: { id }, body: { overlapSeconds: Number(overlap) } })).secret);
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
  }, [id, overlap, queries]);
  const state = useForm(fields, submit);
  return (
    <Dialog isOpen onOpenChange={onClose} title={secret === null ? 'Make a new secret?' : 'The new secret'}>
      {secret === null ? (
        <Form state={state}>
          <SelectField
            label="The old secret signs"
            name="overlapSeconds"
            value={overlap}
            onChange={setOverlap}
            options={overlaps}
            state={state}
            hint="Until then every delivery has both signatures, and a receiver with either secret accepts it."
          />
          <FormFoot state={state} onCancel={onClose} look={overlap === '0' ? 'danger' : 'primary'}>
            Make new secret
          </FormFoot>
        </Form>
      ) : (
        <div className="stack">
          <SecretShown secret={secret} />
          <div className="dialog-foot">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
