import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { api, getTagged, type Tagged } from '../../api/client';
import type { Webhook } from '../../api/types';
import { Conflict, useEditing } from '../../editing/editing';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Form, FormFoot, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { toast } from '../../ui/toasts';
import { SecretShown } from './secret-shown';
import { fields, WebhookFields } from './webhook-fields';
import { bodyOf, valuesOf, type WebhookValues } from './webhook-values';

const labels: Readonly<Record<string, string>> = {
  url: 'Address',
  events: 'It gets',
  others: 'More types of events',
  channelId: 'Channel',
  decides: 'It decides',
  decisionTimeoutMs: 'Wait at most',
  onDecisionFailure: 'Without an answer',
};

const atFirst = valuesOf({ url: '', events: ['program.*', 'destination.*'], channelId: null, decides: [], decisionTimeoutMs: 2_000, onDecisionFailure: 'deny' });

/** Adds a webhook and shows its secret this once. */
export function NewWebhook({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState(atFirst);
  const [added, setAdded] = useState<Webhook | null>(null);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const submit = useCallback(async () => {
    setAdded(await api.post('/api/webhooks', { body: { url: '', ...bodyOf(values, values) } }));
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
  }, [queries, values]);
  const state = useForm(fields, submit);
  if (added !== null) {
    return (
      <Dialog isOpen onOpenChange={onClose} title="The webhook was added">
        <div className="stack">
          {added.warnings.map(warning => (
            <Notice key={warning} tone="warn">
              {warning}
            </Notice>
          ))}
          <SecretShown secret={added.secret ?? ''} />
          <div className="dialog-foot">
            <Button
              look="primary"
              onClick={() => {
                onClose();
                go(`/webhooks/${encodeURIComponent(added.id)}`);
              }}
            >
              Go on to test it
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog isOpen onOpenChange={onClose} isWide title="Add a webhook">
      <Form state={state}>
        <WebhookFields values={values} set={name => value => setValues(before => ({ ...before, [name]: value }))} state={state} />
        <FormFoot state={state} onCancel={onClose}>
          Add webhook
        </FormFoot>
      </Form>
    </Dialog>
  );
}

const read = (id: string) => getTagged('/api/webhooks/{id}', { path: { id } });

const toValues = ({ data, etag }: Tagged<Webhook>): Tagged<WebhookValues> => ({ data: valuesOf(data), etag });

/** Changes one, as it is on the server when the dialog opens. */
export function EditWebhook({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ['webhook', id], queryFn: () => read(id), gcTime: 0, staleTime: Infinity });
  return (
    <Dialog isOpen onOpenChange={onClose} isWide title="Change the webhook">
      <Loaded query={query} height={320}>
        {loaded => <WebhookForm loaded={loaded} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function WebhookForm({ loaded, onClose }: { loaded: Tagged<Webhook>; onClose: () => void }) {
  const { id } = loaded.data;
  const queries = useQueryClient();
  const [base] = useState(() => toValues(loaded));
  const reload = useCallback(async () => toValues(await read(id)), [id]);
  const save = useCallback(
    async (changed: Partial<WebhookValues>, etag: string, values: WebhookValues) => {
      await api.put('/api/webhooks/{id}', { path: { id }, body: bodyOf(changed, values), etag });
      return await reload();
    },
    [id, reload],
  );
  const onSaved = useCallback(() => {
    toast.good('The webhook was changed.');
    void queries.invalidateQueries({ queryKey: ['webhooks'] });
    onClose();
  }, [onClose, queries]);
  const { values, state, set, conflict, isChanged } = useEditing({ loaded: base, fields, save, reload, onSaved });
  return (
    <Form state={state}>
      <Conflict conflict={conflict} labels={labels} />
      <WebhookFields values={values} set={set} state={state} />
      <FormFoot state={state} onCancel={onClose} isDisabled={!isChanged || conflict !== null}>
        Save
      </FormFoot>
    </Form>
  );
}
