import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Eye, Link2, Pencil, ShieldCheck, SlidersHorizontal, Trash2, UserPlus, UserX, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import type { User } from '../../api/types';
import { useCaller } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { Cell, Table } from '../../ui/table';
import { toast } from '../../ui/toasts';
import { LinkDialog } from './link-dialog';
import { isLastOwner } from './rules';
import { UserDialog } from './user-dialog';

const icons: Readonly<Record<string, LucideIcon>> = { owner: ShieldCheck, operator: SlidersHorizontal, viewer: Eye };

type Open = { kind: 'add' } | { kind: 'edit' | 'link' | 'remove'; user: User } | null;

/** Users with their roles; for owners. */
export function UsersCard() {
  const query = useQuery({ queryKey: ['users'], queryFn: () => api.get('/api/users') });
  const [open, setOpen] = useState<Open>(null);
  const queries = useQueryClient();
  const me = useCaller();
  const close = () => setOpen(null);
  const remove = async (user: User) => {
    await api.delete('/api/users/{id}', { path: { id: user.id } });
    toast.good(`${user.name} was removed.`);
    await queries.invalidateQueries({ queryKey: ['users'] });
    await queries.invalidateQueries({ queryKey: ['tokens'] });
  };
  return (
    <section className="card" aria-labelledby="users">
      <div className="card-head">
        <h2 id="users">Users</h2>
        <Button isSmall onClick={() => setOpen({ kind: 'add' })}>
          <UserPlus size={16} aria-hidden />
          Add user
        </Button>
      </div>
      <Loaded query={query}>
        {users => (
          <Table caption="Users" columns={[{ title: 'Name' }, { title: 'Role' }, { title: 'Since' }, { title: 'Actions', isMute: true }]}>
            {users.map(user => (
              <tr key={user.id}>
                <Cell isMain>
                  {user.name}
                  {user.id === me.user?.id && <span className="soft"> (you)</span>}
                  {(!user.hasPassword || user.linkExpiresAt !== null) && (
                    <span className="user-link soft small">
                      {user.hasPassword ? 'link for a new password' : 'no password yet, link'} {user.linkExpiresAt === null ? 'has ended' : <>ends <Moment time={user.linkExpiresAt} /></>}
                    </span>
                  )}
                </Cell>
                <Cell label="Role">
                  {user.enabled ? (
                    <Badge tone={user.role === 'owner' ? 'calm' : 'off'} icon={icons[user.role] ?? Eye}>
                      {user.role}
                    </Badge>
                  ) : (
                    <Badge tone="warn" icon={UserX}>
                      {user.role}, may not log in
                    </Badge>
                  )}
                </Cell>
                <Cell label="Since">
                  <Moment time={user.createdAt} />
                </Cell>
                <Cell isEnd>
                  <span className="row">
                    <Button isSmall onClick={() => setOpen({ kind: 'edit', user })} aria-label={`Change ${user.name}`}>
                      <Pencil size={14} aria-hidden />
                      Change
                    </Button>
                    {user.id !== me.user?.id && (
                      <Button isSmall onClick={() => setOpen({ kind: 'link', user })} aria-label={`Link for ${user.name}`} title="A link by which the user sets a password">
                        <Link2 size={14} aria-hidden />
                        Link
                      </Button>
                    )}
                    <Button
                      isSmall
                      className="button-bad"
                      onClick={() => setOpen({ kind: 'remove', user })}
                      aria-label={`Remove ${user.name}`}
                      disabled={isLastOwner(user, users)}
                      title={isLastOwner(user, users) ? 'The last owner cannot be removed. Make another user an owner first.' : undefined}
                    >
                      <Trash2 size={14} aria-hidden />
                      Remove
                    </Button>
                  </span>
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
      {open?.kind === 'add' && <UserDialog user={null} isLast={false} onClose={close} />}
      {open?.kind === 'edit' && <UserDialog user={open.user} isLast={isLastOwner(open.user, query.data ?? [])} onClose={close} />}
      {open?.kind === 'link' && <LinkDialog user={open.user} onClose={close} />}
      {open?.kind === 'remove' && (
        <Confirm isOpen onOpenChange={close} title={`Remove the user ${open.user.name}?`} action="Remove user" onConfirm={() => remove(open.user)}>
          {open.user.name} is logged out everywhere, and all API tokens of {open.user.name} stop working at once. This cannot be taken back.
        </Confirm>
      )}
    </section>
  );
}
