import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { MonitorCheck } from 'lucide-react';
import { api } from '../../api/client';
import type { Session } from '../../api/types';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { Cell, Table } from '../../ui/table';
import { toast } from '../../ui/toasts';
import { clientName } from './rules';

/** Where one is logged in. */
export function SessionsCard() {
  const query = useQuery({ queryKey: ['sessions'], queryFn: () => api.get('/api/sessions') });
  const others = (query.data ?? []).filter(session => !session.isCurrent);
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: async (sessions: readonly Session[]) => {
      for (const { id } of sessions) await api.delete('/api/sessions/{id}', { path: { id } });
      return sessions.length;
    },
    onSuccess: count => toast.good(count === 1 ? 'The session was ended.' : `${count} sessions were ended.`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
  return (
    <section className="card" aria-labelledby="sessions">
      <div className="card-head">
        <h2 id="sessions">Your sessions</h2>
        {others.length > 1 && (
          <Button isSmall onClick={() => end.mutate(others)} isBusy={end.isPending}>
            End all others
          </Button>
        )}
      </div>
      <Loaded query={query}>
        {sessions => (
          <Table caption="Your sessions" columns={[{ title: 'Where' }, { title: 'Address' }, { title: 'Since' }, { title: 'Last used' }, { title: 'Actions', isMute: true }]}>
            {[...sessions]
              .sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || Date.parse(b.usedAt) - Date.parse(a.usedAt))
              .map(session => (
                <tr key={session.id}>
                  <Cell isMain>
                    <span title={session.client}>{clientName(session)}</span>
                  </Cell>
                  <Cell label="Address">
                    <span className="numbers">{session.address}</span>
                  </Cell>
                  <Cell label="Since">
                    <Moment time={session.createdAt} />
                  </Cell>
                  <Cell label="Last used">
                    <Moment time={session.usedAt} />
                  </Cell>
                  <Cell isEnd>
                    {session.isCurrent ? (
                      <Badge tone="good" icon={MonitorCheck}>
                        This one
                      </Badge>
                    ) : (
                      <Button
                        isSmall
                        onClick={() => end.mutate([session])}
                        isBusy={end.isPending && end.variables.includes(session)}
                        aria-label={`End the session of ${clientName(session)} at ${session.address}`}
                      >
                        End
                      </Button>
                    )}
                  </Cell>
                </tr>
              ))}
          </Table>
        )}
      </Loaded>
    </section>
  );
}
