import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import { useIdempotencyKey } from '../../api/idempotency';
import type { Key } from '../../api/types';
import { SelectField } from '../../ui/choice';
import { Confirm, Dialog } from '../../ui/dialog';
import { Form, FormFoot, useForm } from '../../ui/form';
import { Notice } from '../../ui/notice';
import { toast } from '../../ui/toasts';
import { EditKey } from './edit-key';
import type { Publisher } from './key-words';
import { ShownKey } from './shown-key';
import { usePublisher } from './use-publisher';

export type KeyAction = 'edit' | 'rotate' | 'revoke' | 'reveal';

interface Props {
  about: Key;
  onClose: () => void;
}

export function KeyDialog({ action, ...rest }: Props & { action: KeyAction }) {
  switch (action) {
    case 'edit':
      return <EditKey {...rest} />;
    case 'rotate':
      return <Rotate {...rest} />;
    case 'revoke':
      return <Revoke {...rest} />;
    case 'reveal':
      return <Reveal {...rest} />;
  }
}

const overlaps = [
  { value: '300', label: '5 minutes' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
  { value: 'kick', label: 'Not at all: end it now, and who is on air with it' },
];

function Rotate({ about, onClose }: Props) {
  const [overlap, setOverlap] = useState('3600');
  const [made, setMade] = useState<Key | null>(null);
  const queries = useQueryClient();
  const publisher = usePublisher(about);
  const idempotencyKey = useIdempotencyKey();
  const submit = useCallback(async () => {
    const body = overlap === 'kick' ? { kick: true } : { overlapSeconds: Number(overlap) };
    const key = await api.post('/api/keys/{id}/rotate', { path: { id: about.id }, body, idempotencyKey: idempotencyKey(body) });
    void queries.invalidateQueries({ queryKey: ['keys'] });
    setMade(key);
  }, [about.id, idempotencyKey, overlap, queries]);
  const state = useForm(['overlapSeconds'], submit);
  if (made !== null) {
    return (
      <Dialog isOpen onOpenChange={onClose} isWide title={`New key of ${about.name}`} description={made.origin === 'channel' ? 'Enter it in the encoder.' : 'It is shown now and never again: copy it to its encoder.'}>
        <ShownKey made={made} onDone={onClose} />
      </Dialog>
    );
  }
  const isKick = overlap === 'kick';
  return (
    <Dialog isOpen onOpenChange={onClose} title={`Rotate the key of ${about.name}?`} description="A new key takes its place. The old one goes on working for a while, so that you can walk over to the encoder.">
      <Form state={state} className="stack dialog-form">
        <SelectField label="The old key works for another" name="overlapSeconds" value={overlap} onChange={setOverlap} state={state} options={overlaps} />
        {isKick && publisher !== null && <Kicked publisher={publisher} />}
        <FormFoot state={state} onCancel={onClose} look={isKick ? 'danger' : 'primary'}>
          {isKick ? 'Rotate and kick' : 'Rotate key'}
        </FormFoot>
      </Form>
    </Dialog>
  );
}

function Kicked({ publisher }: { publisher: Publisher }) {
  return (
    <Notice tone={publisher.isSure ? 'bad' : 'warn'}>
      {publisher.isSure ? (
        <>
          <strong>{publisher.from} is on air with this key now, and will be kicked.</strong> The fallback plays until somebody publishes to {publisher.where} again.
        </>
      ) : (
        <>
          <strong>{publisher.from} is publishing to {publisher.where}.</strong> If it came with this key, it will be kicked, and the fallback plays.
        </>
      )}
    </Notice>
  );
}

function Revoke({ about, onClose }: Props) {
  const queries = useQueryClient();
  const publisher = usePublisher(about);
  const revoke = async () => {
    await api.delete('/api/keys/{id}', { path: { id: about.id } });
    toast.good(`The key of ${about.name} is revoked.`);
    void queries.invalidateQueries({ queryKey: ['keys'] });
  };
  return (
    <Confirm
      isOpen
      onOpenChange={open => !open && onClose()}
      title={`Revoke the key of ${about.name}?`}
      action={publisher?.isSure === true ? 'Revoke and kick' : 'Revoke key'}
      onConfirm={revoke}
    >
      <span className="stack">
        <span>
          Nobody can begin to publish with the key that ends with <code>{about.keyHint}</code>
          {about.alias !== null && (
            <>
              , or as <code>{about.alias}</code>,
            </>
          )}{' '}
          any more. This cannot be taken back.
        </span>
        {publisher === null ? <span>Nobody is publishing with it right now.</span> : <Kicked publisher={publisher} />}
      </span>
    </Confirm>
  );
}

function Reveal({ about, onClose }: Props) {
  const [shown, setShown] = useState<Key | null>(null);
  const submit = useCallback(async () => setShown(await api.post('/api/keys/{id}/reveal', { path: { id: about.id } })), [about.id]);
  const state = useForm([], submit);
  return (
    <Dialog isOpen onOpenChange={onClose} isWide title={`Key of ${about.channelId} › ${about.sourceId}`} description="Who sees it can publish. That you looked at it is written to the audit.">
      {shown !== null ? (
        <ShownKey made={shown} onDone={onClose} />
      ) : (
        <Form state={state}>
          <FormFoot state={state} onCancel={onClose}>
            Show the key
          </FormFoot>
        </Form>
      )}
    </Dialog>
  );
}
