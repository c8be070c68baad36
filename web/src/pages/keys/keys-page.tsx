import { useQuery } from '@tanstack/react-query';
import { Eye, KeyRound, Pencil, Plus, RefreshCw, ShieldX, Signature, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Key } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useServerNow } from '../../live/live';
import { useMay } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { RowMenu, type RowAction } from '../../ui/row-menu';
import { Cell, Table } from '../../ui/table';
import { KeyDialog, type KeyAction } from './key-dialogs';
import { inOrder, stateOf, titleOf } from './key-words';
import { NewKey } from './new-key';
import { EndSigned, SignAddress } from './sign-address';
import '../start/start.css';
import './keys.css';

const columns = [{ title: 'Key' }, { title: 'Publishes to' }, { title: 'State' }, { title: 'Last used' }, { title: 'Actions', isMute: true }];

/** How often "ends in" is looked at anew. */
const everyMs = 10_000;

export default function KeysPage() {
  const query = useQuery({ queryKey: ['keys'], queryFn: () => api.get('/api/keys') });
  const [open, setOpen] = useState<'new' | 'sign' | 'end' | null>(null);
  const [acting, setActing] = useState<{ key: Key; action: KeyAction } | null>(null);
  const mayManage = useMay('manage');
  const close = (isOpen: boolean) => !isOpen && setOpen(null);
  return (
    <>
      <PageHead title="Stream keys" lead="Who has a key may publish to one source of one channel. The server keeps no key that it could show, but for a channel's own.">
        {mayManage && (
          <>
            <Button onClick={() => setOpen('sign')}>
              <Signature size={16} aria-hidden />
              Sign an address
            </Button>
            <Button look="primary" onClick={() => setOpen('new')}>
              <Plus size={16} aria-hidden />
              New key
            </Button>
          </>
        )}
      </PageHead>
      <div className="card keys">
        <Loaded query={query} height={280}>
          {keys =>
            keys.length === 0 ? (
              <Empty icon={KeyRound} title="There is no key but the fixed ones of the configuration">
                <p>Make one for each person or encoder, so that one can be taken away without touching the others.</p>
              </Empty>
            ) : (
              <Table caption="Stream keys" columns={columns}>
                {inOrder(keys).map(key => (
                  <Row key={key.id} row={key} onAct={action => setActing({ key, action })} />
                ))}
              </Table>
            )
          }
        </Loaded>
      </div>
      {mayManage && (
        <div className="soft small keys-foot">
          <p>Signed addresses are not listed: they carry their permission with them.</p>
          <Button look="quiet" isSmall onClick={() => setOpen('end')}>
            <ShieldX size={16} aria-hidden />
            End signed addresses…
          </Button>
        </div>
      )}
      <NewKey isOpen={open === 'new'} onOpenChange={close} />
      <SignAddress isOpen={open === 'sign'} onOpenChange={close} />
      <EndSigned isOpen={open === 'end'} onOpenChange={close} />
      {acting && <KeyDialog action={acting.action} about={acting.key} onClose={() => setActing(null)} />}
    </>
  );
}

function Row({ row, onAct }: { row: Key; onAct: (action: KeyAction) => void }) {
  const now = useServerNow(everyMs);
  const mayManage = useMay('manage');
  const mayReveal = useMay('administer');
  const state = stateOf(row, now);
  const isOwn = row.origin === 'channel';
  const actions: RowAction[] = [
    ...(isOwn && mayReveal ? [{ title: 'Show the key…', icon: Eye, onSelect: () => onAct('reveal') }] : []),
    ...(mayManage && row.replacedBy === null ? [{ title: 'Edit…', icon: Pencil, onSelect: () => onAct('edit') }] : []),
    ...(mayManage && row.state === 'active' ? [{ title: 'Rotate…', icon: RefreshCw, onSelect: () => onAct('rotate') }] : []),
    ...(mayManage && !isOwn ? [{ title: 'Revoke…', icon: Trash2, onSelect: () => onAct('revoke'), isDanger: true }] : []),
  ];
  return (
    <tr>
      <Cell isMain>
        <span className="key-name">{titleOf(row)}</span>
        <span className="key-facts soft small">
          <code>{row.keyHint}</code>
          {row.alias !== null && (
            <span>
              alias <code>{row.alias}</code>
            </span>
          )}
          {row.kind === 'development' && <span>development</span>}
          {row.allowedAddresses.length > 0 && <span>only from {row.allowedAddresses.join(', ')}</span>}
        </span>
      </Cell>
      <Cell label="Publishes to">{`${row.channelId} › ${row.sourceId}`}</Cell>
      <Cell label="State">
        <Badge tone={state.tone} icon={state.icon}>
          {state.words}
        </Badge>
      </Cell>
      <Cell label="Last used">
        <span>
          <Moment time={row.lastUsedAt} />
          {row.useCount + row.failedAttempts > 0 && (
            <span className="key-facts soft small numbers">{[`${row.useCount} ${row.useCount === 1 ? 'use' : 'uses'}`, ...(row.failedAttempts > 0 ? [`${row.failedAttempts} refused`] : [])].join(', ')}</span>
          )}
        </span>
      </Cell>
      <Cell isEnd>
        <RowMenu label={`More for ${row.name} ${row.keyHint}`} actions={actions} />
      </Cell>
    </tr>
  );
}
