import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../../api/client';
import type { User } from '../../api/types';
import { Button } from '../../ui/button';
import { Copy } from '../../ui/copy';
import { Dialog } from '../../ui/dialog';
import { Form, FormFoot, useForm } from '../../ui/form';
import { localNameIn } from '../../ui/local-name';
import { Notice } from '../../ui/notice';
import { dateTime } from '../../ui/time';

const fields: readonly string[] = [];

/** Makes a link by which a user sets a password. */
export function LinkDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [made, setMade] = useState<User | null>(null);
  const queries = useQueryClient();
  const submit = useCallback(async () => {
    setMade(await api.post('/api/users/{id}/link', { path: { id: user.id } }));
    void queries.invalidateQueries({ queryKey: ['users'] });
  }, [queries, user.id]);
  const state = useForm(fields, submit);
  if (made !== null) return <LinkShown made={made} onClose={onClose} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`Make a link for ${user.name}?`}
      description={
        user.hasPassword
          ? `By it ${user.name} sets a new password. The old one works until then; all sessions end when the link is used.`
          : `${user.name} has set no password yet. A new link takes the place of the one before, which does not work any more.`
      }
    >
      <Form state={state}>
        <FormFoot state={state} onCancel={onClose}>
          Make link
        </FormFoot>
      </Form>
    </Dialog>
  );
}

/** A link that was just made; it is not shown again. */
export function LinkShown({ made, onClose }: { made: User; onClose: () => void }) {
  const localName = localNameIn(window.location.origin);
  const end = made.linkExpiresAt === null ? '' : ` until ${dateTime(made.linkExpiresAt)}`;
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      isWide
      title={`Link for ${made.name}`}
      description={`Who opens it sets the password of ${made.name} and is logged in. It works once${end}, and is not shown again: hand it over by a way that nobody else reads.`}
    >
      <div className="stack dialog-part">
        <Copy label="link" value={`${window.location.origin}${made.link ?? ''}`} />
        {localName !== null && (
          <Notice tone="warn">
            The link works on this computer only, because you opened the dashboard as <code>{localName}</code>. For another computer, put the server&rsquo;s name or address in its place.
          </Notice>
        )}
        <div className="dialog-foot">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
