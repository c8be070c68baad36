import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import type { SignedUrl } from '../../api/types';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/choice';
import { Confirm, Dialog } from '../../ui/dialog';
import { Form, FormFoot, useForm } from '../../ui/form';
import { Copy } from '../../ui/copy';
import { entryNames, LinesField, linesOf } from '../../ui/lines-field';
import { dateTime } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { TargetFields } from './target-fields';

const fields = ['action', 'channelId', 'sourceId', 'expiresInSeconds', ...entryNames('allowedAddresses', 16)];

const lifetimes = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
  { value: '2592000', label: '30 days' },
];

/** An address that carries its own permission, for somebody who should have no key. */
export function SignAddress({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const [signed, setSigned] = useState<SignedUrl | null>(null);
  const change = (open: boolean) => {
    onOpenChange(open);
    if (!open) setSigned(null);
  };
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      isWide
      title={signed === null ? 'Sign an address' : 'Signed address'}
      description={
        signed === null
          ? 'For somebody who should have no key: an address that carries its own permission, and ends by itself.'
          : `${signed.action === 'publish' ? 'Publishing' : 'Playing'} can begin with it until ${dateTime(signed.expiresAt)}. It is not kept: copy it now.`
      }
    >
      {signed === null ? <SignForm onSigned={setSigned} onCancel={() => change(false)} /> : <Signed signed={signed} onDone={() => change(false)} />}
    </Dialog>
  );
}

function SignForm({ onSigned, onCancel }: { onSigned: (signed: SignedUrl) => void; onCancel: () => void }) {
  const [action, setAction] = useState('publish');
  const [channel, setChannel] = useState('main');
  const [source, setSource] = useState('main');
  const [lifetime, setLifetime] = useState('3600');
  const [addresses, setAddresses] = useState('');
  const submit = useCallback(async () => {
    const allowedAddresses = linesOf(addresses);
    onSigned(
      await api.post('/api/keys/sign', {
        body: {
          action,
          channelId: channel,
          ...(source === '' ? {} : { sourceId: source }),
          expiresInSeconds: Number(lifetime),
          ...(allowedAddresses.length > 0 ? { allowedAddresses } : {}),
        },
      }),
    );
  }, [action, addresses, channel, lifetime, onSigned, source]);
  const state = useForm(fields, submit);
  return (
    <Form state={state} className="stack dialog-form">
      <div className="field-columns">
        <SelectField
          label="It allows to"
          name="action"
          value={action}
          onChange={next => {
            setAction(next);
            setSource(next === 'publish' ? 'main' : '');
          }}
          state={state}
          options={[
            { value: 'publish', label: 'publish' },
            { value: 'play', label: 'play' },
          ]}
        />
        <SelectField label="It can be used for" name="expiresInSeconds" value={lifetime} onChange={setLifetime} state={state} options={lifetimes} />
      </div>
      <TargetFields channel={channel} source={source} onChannel={setChannel} onSource={setSource} state={state} {...(action === 'play' ? { program: 'the program' } : {})} />
      <LinesField label="Allowed addresses" name="allowedAddresses" value={addresses} onChange={setAddresses} state={state} rows={2} placeholder="203.0.113.0/24" hint="One in each line. Empty: from everywhere." />
      <FormFoot state={state} onCancel={onCancel}>
        Sign address
      </FormFoot>
    </Form>
  );
}

function Signed({ signed, onDone }: { signed: SignedUrl; onDone: () => void }) {
  const values =
    signed.action === 'publish'
      ? ([['Server', signed.server], ['Stream key', signed.streamKey]] as const)
      : ([['Address for a player', signed.url], ...(signed.previewPath === null ? [] : [['HTTP-FLV', new URL(signed.previewPath, window.location.href).href] as const])] as const);
  return (
    <div className="stack dialog-form">
      {values.map(([label, value]) => (
        <div key={label} className="field">
          <span className="label">{label}</span>
          <Copy label={label.toLowerCase()} value={value} />
        </div>
      ))}
      <p className="soft small">One signed address cannot be taken back. All of them together can: “End signed addresses”.</p>
      <div className="dialog-foot">
        <Button look="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}

/** Ends every signed address there is. */
export function EndSigned({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const end = async () => {
    await api.post('/api/keys/sign/rotate');
    toast.good('No signed address works any more.');
  };
  return (
    <Confirm isOpen={isOpen} onOpenChange={onOpenChange} title="End every signed address?" action="End signed addresses" onConfirm={end}>
      None of the addresses that were signed so far can be used again, whoever has them. Who is on air or playing with one goes on; stream keys are not affected.
    </Confirm>
  );
}
