import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../../api/client';
import type { Webhook } from '../../api/types';
import { Button } from '../../ui/button';
import { Checks, SelectField } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { Field, Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { toast } from '../../ui/toasts';
import { decisions, families, joined, split } from './deliveries';
import { SecretShown } from './secret-shown';

const fields = ['url', 'events', 'channelId', 'decides', 'decisionTimeoutMs', 'onDecisionFailure'] as const;

/** Adds a webhook and shows its secret this once, or changes one. */
export function WebhookDialog({ webhook, onClose }: { webhook: Webhook | null; onClose: () => void }) {
  const before = split(webhook?.events ?? ['program.*', 'destination.*']);
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(before.chosen);
  const [others, setOthers] = useState(before.others);
  const [channelId, setChannelId] = useState(webhook?.channelId ?? '');
  const [decides, setDecides] = useState<readonly string[]>(webhook?.decides ?? []);
  const [timeout, setTimeout] = useState(String(webhook?.decisionTimeoutMs ?? 2_000));
  const [onFailure, setOnFailure] = useState(webhook?.onDecisionFailure ?? 'deny');
  const [added, setAdded] = useState<Webhook | null>(null);
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  const queries = useQueryClient();
  const [, go] = useLocation();
  const submit = useCallback(async () => {
    const body = {
      url: url.trim(),
      events: joined(chosen, others),
      channelId,
      decides: [...decides],
      ...(decides.length === 0 ? {} : { decisionTimeoutMs: Number(timeout), onDecisionFailure: onFailure }),
    };
    if (webhook === null) setAdded(await api.post('/api/webhooks', { body }));
    else await api.put('/api/webhooks/{id}', { path: { id: webhook.id }, body });
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
    if (webhook === null) return;
    toast.good('The webhook was changed.');
    onClose();
  }, [channelId, chosen, decides, onClose, onFailure, others, queries, timeout, url, webhook]);
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
    <Dialog isOpen onOpenChange={onClose} isWide title={webhook === null ? 'Add a webhook' : 'Change the webhook'}>
      <Form state={state}>
        <Field label="Address" name="url" type="url" value={url} onChange={setUrl} state={state} placeholder="https://example.com/hooks/stream" maxLength={2_048} autoComplete="off" required />
        <Checks label="It gets" name="events" values={chosen} onChange={setChosen} options={families} state={state} />
        <Field
          label="More types of events"
          name="others"
          value={others}
          onChange={setOthers}
          state={state}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          hint={
            <>
              With commas between them: <code>program.onAir</code>, <code>destination.*</code>, <code>*</code> for everything.
            </>
          }
        />
        <SelectField
          label="Channel"
          name="channelId"
          value={channelId}
          onChange={setChannelId}
          options={[{ value: '', label: 'All channels' }, ...(channels.data ?? []).map(({ id }) => ({ value: id, label: id }))]}
          state={state}
        />
        <Checks
          label="It decides"
          name="decides"
          values={decides}
          onChange={setDecides}
          options={decisions}
          state={state}
          hint="It is asked before somebody is let in, and its answer counts. Leave empty for a webhook that is only told."
        />
        {decides.length > 0 && (
          <div className="field-pair">
            <Field
              label="Wait at most (ms)"
              name="decisionTimeoutMs"
              value={timeout}
              onChange={setTimeout}
              state={state}
              type="number"
              min={100}
              max={5_000}
              step={100}
              inputMode="numeric"
              hint="100 to 5000"
            />
            <SelectField
              label="Without an answer"
              name="onDecisionFailure"
              value={onFailure}
              onChange={setOnFailure}
              options={[
                { value: 'deny', label: 'Nobody is let in' },
                { value: 'allow', label: 'Everybody is let in' },
              ]}
              state={state}
              hint="An encoder tries again by itself; what was let in wrongly has been on air."
            />
          </div>
        )}
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" isBusy={state.isBusy}>
            {webhook === null ? 'Add webhook' : 'Save'}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
