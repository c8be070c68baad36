import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api, getTagged, type Tagged } from '../../api/client';
import type { Key } from '../../api/types';
import { Conflict, useEditing } from '../../editing/editing';
import { Checks, SelectField } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { Field, Form, FormFoot } from '../../ui/form';
import { entryNames, LinesField } from '../../ui/lines-field';
import { Loaded } from '../../ui/query';
import { localTime } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { bodyOf, mostAddresses, never, valuesOf, type KeyValues } from './key-values';
import { titleOf } from './key-words';
import { usePublisher } from './use-publisher';

const fields = ['name', 'expiresAt', 'alias', 'kick', ...entryNames('allowedAddresses', mostAddresses)];

const labels: Readonly<Record<string, string>> = { name: 'Name', expiresAt: 'Ends', allowedAddresses: 'Allowed addresses', alias: 'Alias', kick: 'Whoever is on air' };

/** What an end is at first for a key that has had none. */
const firstEndMs = 30 * 86_400_000;

const read = (id: string) => getTagged('/api/keys/{id}', { path: { id } });

const toValues = ({ data, etag }: Tagged<Key>): Tagged<KeyValues> => ({ data: valuesOf(data), etag });

export function EditKey({ about, onClose }: { about: Key; onClose: () => void }) {
  const query = useQuery({ queryKey: ['key', about.id], queryFn: () => read(about.id), gcTime: 0, staleTime: Infinity });
  const title = about.origin === 'channel' ? titleOf(about) : `Key of ${about.name}`;
  return (
    <Dialog isOpen onOpenChange={onClose} isWide title={title} description="What you change holds for every publish that begins from then on. The key itself stays as it is.">
      <Loaded query={query} height={320}>
        {loaded => <KeyForm loaded={loaded} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function KeyForm({ loaded, onClose }: { loaded: Tagged<Key>; onClose: () => void }) {
  const { id, name, kind, origin } = loaded.data;
  const queries = useQueryClient();
  const [base] = useState(() => toValues(loaded));
  const publisher = usePublisher(loaded.data);
  const reload = useCallback(async () => toValues(await read(id)), [id]);
  const save = useCallback(
    async (changed: Partial<KeyValues>, etag: string) => {
      await api.put('/api/keys/{id}', { path: { id }, body: bodyOf(changed), etag });
      return await reload();
    },
    [id, reload],
  );
  const onSaved = useCallback(() => {
    toast.good(`The key of ${name} is changed.`);
    void queries.invalidateQueries({ queryKey: ['keys'] });
    onClose();
  }, [name, onClose, queries]);
  const { values, state, set, conflict, isChanged } = useEditing({ loaded: base, fields, save, reload, onSaved });
  const isOwn = origin === 'channel';
  const isRegular = kind === 'regular';
  const ends = values.expiresAt === never ? never : 'at';

  return (
    <Form state={state} className="stack dialog-form">
      <Conflict conflict={conflict} labels={labels} />
      {!isOwn && <Field label="Name" name="name" value={values.name} onChange={set('name')} state={state} />}
      {!isOwn && isRegular && (
        <div className="field-columns">
          <SelectField
            label="Ends"
            name={ends === never ? 'expiresAt' : 'ends'}
            value={ends}
            onChange={choice => set('expiresAt')(choice === never ? never : localTime(Date.now() + firstEndMs))}
            state={state}
            options={[
              { value: never, label: 'Never' },
              { value: 'at', label: 'At a time' },
            ]}
          />
          {ends === 'at' && <Field label="Ends at" name="expiresAt" type="datetime-local" value={values.expiresAt} onChange={set('expiresAt')} state={state} />}
        </div>
      )}
      {isRegular && (
        <LinesField
          label="Allowed addresses"
          name="allowedAddresses"
          value={values.allowedAddresses}
          onChange={set('allowedAddresses')}
          state={state}
          placeholder={'203.0.113.7\n203.0.113.0/24'}
          hint={`One address or range in each line, ${mostAddresses} at most. Empty: from everywhere. Behind a proxy every encoder has the proxy's address.`}
        />
      )}
      {/* The server closes only those who came with this key. */}
      {publisher !== null && values.allowedAddresses !== base.data.allowedAddresses && (
        <Checks
          label={`${publisher.from} is publishing ${publisher.isSure ? 'with this key ' : ''}to ${publisher.where}`}
          name="kick"
          values={values.kick === '' ? [] : [values.kick]}
          onChange={chosen => set('kick')(chosen[0] ?? '')}
          state={state}
          options={[{ value: 'kick', label: `Close it, if it ${publisher.isSure ? '' : 'came with this key and '}may not publish from there any more`, hint: 'Then the fallback plays. Otherwise it stays on air until it ends by itself.' }]}
        />
      )}
      <Field
        label="Alias"
        name="alias"
        value={values.alias}
        onChange={set('alias')}
        state={state}
        spellCheck={false}
        placeholder="obs"
        hint="A short name that works like the key, from this machine and private networks. Empty: none."
      />
      <FormFoot state={state} onCancel={onClose} isDisabled={!isChanged || conflict !== null}>
        Save changes
      </FormFoot>
    </Form>
  );
}
