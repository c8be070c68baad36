import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { useIdempotencyKey } from '../../api/idempotency';
import type { Key } from '../../api/types';
import { SelectField } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { Field, Form, FormFoot, useForm } from '../../ui/form';
import { entryNames, LinesField, linesOf } from '../../ui/lines-field';
import { mostAddresses } from './key-values';
import { expiryOf } from './key-words';
import { ShownKey } from './shown-key';
import { TargetFields } from './target-fields';

const fields = ['name', 'channelId', 'sourceId', 'kind', 'expiresAt', 'alias', ...entryNames('allowedAddresses', mostAddresses)];

const ends = [
  { value: '1', label: 'In a day' },
  { value: '7', label: 'In a week' },
  { value: '30', label: 'In 30 days' },
  { value: '365', label: 'In a year' },
  { value: 'never', label: 'Never' },
  { value: 'custom', label: 'At a time of your choice' },
];

export function NewKey({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const [made, setMade] = useState<Key | null>(null);
  const change = (open: boolean) => {
    onOpenChange(open);
    if (!open) setMade(null);
  };
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      isWide
      title={made === null ? 'New stream key' : `Key of ${made.name}`}
      description={made === null ? 'Who has it may publish to one source of one channel.' : 'It is shown now and never again: copy it to its encoder.'}
    >
      {made === null ? <NewKeyForm onMade={setMade} onCancel={() => change(false)} /> : <ShownKey made={made} onDone={() => change(false)} />}
    </Dialog>
  );
}

function NewKeyForm({ onMade, onCancel }: { onMade: (key: Key) => void; onCancel: () => void }) {
  const [name, setName] = useState('');
  const [channel, setChannel] = useState('main');
  const [source, setSource] = useState('main');
  const [kind, setKind] = useState('regular');
  const [end, setEnd] = useState('30');
  const [custom, setCustom] = useState('');
  const [addresses, setAddresses] = useState('');
  const [alias, setAlias] = useState('');
  const queries = useQueryClient();
  const idempotencyKey = useIdempotencyKey();
  // Ends are counted from here: what is sent again must be the same request, or the server takes the key for used.
  const [openedAt] = useState(() => Date.now());
  const isRegular = kind === 'regular';

  const submit = useCallback(async () => {
    const allowedAddresses = linesOf(addresses);
    const body = {
      name, channelId: channel, sourceId: source, kind,
      ...(isRegular ? { expiresAt: expiryOf(end, custom, openedAt) } : {}),
      ...(isRegular && allowedAddresses.length > 0 ? { allowedAddresses } : {}),
      ...(alias.trim() === '' ? {} : { alias: alias.trim() }),
    };
    const key = await api.post('/api/keys', { body, idempotencyKey: idempotencyKey(body) });
    void queries.invalidateQueries({ queryKey: ['keys'] });
    onMade(key);
  }, [addresses, alias, channel, custom, end, idempotencyKey, isRegular, kind, name, onMade, openedAt, queries, source]);
  const state = useForm(fields, submit);

  return (
    <Form state={state} className="stack dialog-form">
      <Field label="Name" name="name" value={name} onChange={setName} state={state} maxLength={100} hint="Whose it is, for the list: a studio, a guest, an encoder." />
      <TargetFields channel={channel} source={source} onChannel={setChannel} onSource={setSource} state={state} />
      <div className="field-columns">
        <SelectField
          label="Kind"
          name="kind"
          value={kind}
          onChange={setKind}
          state={state}
          options={[
            { value: 'regular', label: 'Regular' },
            { value: 'development', label: 'Development: 24 hours' },
          ]}
        />
        {isRegular && <SelectField label="Ends" name={end === 'custom' ? 'ends' : 'expiresAt'} value={end} onChange={setEnd} state={state} options={ends} />}
        {isRegular && end === 'custom' && <Field label="Ends at" name="expiresAt" type="datetime-local" value={custom} onChange={setCustom} state={state} />}
      </div>
      {!isRegular && <p className="soft small">For trying things: it works for 24 hours, from every address.</p>}
      <details className="more" {...(Object.keys(state.errors).some(field => /^(alias|allowedAddresses)/.test(field)) ? { open: true } : {})}>
        <summary>Restrict it, give it an alias</summary>
        <div className="stack">
          {isRegular && (
            <LinesField
              label="Allowed addresses"
              name="allowedAddresses"
              value={addresses}
              onChange={setAddresses}
              state={state}
              placeholder={'203.0.113.7\n203.0.113.0/24'}
              hint={`One address or range in each line, ${mostAddresses} at most. Empty: from everywhere. Behind a proxy every encoder has the proxy's address.`}
            />
          )}
          <Field label="Alias" name="alias" value={alias} onChange={setAlias} state={state} spellCheck={false} placeholder="obs" hint="A short name that works like the key, from this machine and private networks." />
        </div>
      </details>
      <FormFoot state={state} onCancel={onCancel}>
        Create key
      </FormFoot>
    </Form>
  );
}
