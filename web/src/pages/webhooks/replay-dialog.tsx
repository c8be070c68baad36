import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { Dialog } from '../../ui/dialog';
import { Field, FieldProblem, Form, FormFoot, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { localTime } from '../../ui/time';

const fields = ['since'] as const;

const hourMs = 3_600_000;

/** Sends what the journal has since a moment once more. */
export function ReplayDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [since, setSince] = useState(() => localTime(Date.now() - hourMs));
  const [told, setTold] = useState<string | null>(null);
  const queries = useQueryClient();
  const submit = useCallback(async () => {
    const moment = new Date(since);
    if (Number.isNaN(moment.getTime())) throw new FieldProblem('since', 'Choose a day and a time.');
    const { queued, skipped, next } = await api.post('/api/webhooks/{id}/replay', { path: { id }, body: { since: moment.toISOString() } });
    const waiting = skipped > 0 ? ` ${skipped} wait already and were left out.` : '';
    setTold(`${queued === 1 ? 'One event is' : `${queued} events are`} sent once more.${waiting}${next === null ? '' : ' There are more: send the rest from where this ended.'}`);
    if (next !== null) setSince(localTime(Date.parse(next)));
    await queries.invalidateQueries({ queryKey: ['webhooks', id] });
  }, [id, queries, since]);
  const state = useForm(fields, submit);
  return (
    <Dialog isOpen onOpenChange={onClose} title="Replay from the journal" description="What happened since then and this webhook wants is sent once more, at most 500 events at a time. They have the same ids as before.">
      <Form state={state} className="stack dialog-part">
        {told !== null && (
          <Notice tone="good" isAlert>
            {told}
          </Notice>
        )}
        <Field label="Since" name="since" type="datetime-local" value={since} onChange={setSince} state={state} required />
        <FormFoot state={state} onCancel={onClose} cancel={told === null ? 'Cancel' : 'Done'}>
          Send again
        </FormFoot>
      </Form>
    </Dialog>
  );
}
