import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field, FieldProblem, Form, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';

const fields = ['since'] as const;

/** The value of a date and time field for a moment, in the reader's own time. */
function localValue(time: number): string {
  const date = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

const hourMs = 3_600_000;

/** Sends what the journal has since a moment once more. */
export function ReplayDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [since, setSince] = useState(() => localValue(Date.now() - hourMs));
  const [told, setTold] = useState<string | null>(null);
  const queries = useQueryClient();
  const submit = useCallback(async () => {
    const moment = new Date(since);
    if (Number.isNaN(moment.getTime())) throw new FieldProblem('since', 'Choose a day and a time.');
    const { queued, skipped, next } = await api.post('/api/webhooks/{id}/replay', { path: { id }, body: { since: moment.toISOString() } });
    const waiting = skipped > 0 ? ` ${skipped} wait already and were left out.` : '';
    setTold(`${queued === 1 ? 'One event is' : `${queued} events are`} sent once more.${waiting}${next === null ? '' : ' There are more: send the rest from where this ended.'}`);
    if (next !== null) setSince(localValue(Date.parse(next)));
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
        <div className="dialog-foot">
          <Button onClick={onClose}>{told === null ? 'Cancel' : 'Done'}</Button>
          <Button look="primary" type="submit" isBusy={state.isBusy}>
            Send again
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
