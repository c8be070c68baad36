import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeySquare, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Token } from '../../api/types';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { Cell, Table } from '../../ui/table';
import { toast } from '../../ui/toasts';
import { actorName, sentence } from '../live/journal';
import { TokenDialog } from './token-dialog';

/** API tokens: one's own, and everybody's for owners. */
export function TokensCard() {
  const query = useQuery({ queryKey: ['tokens'], queryFn: () => api.get('/api/tokens') });
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Token | null>(null);
  const queries = useQueryClient();
  const seesAll = useMay('administer');
  const end = async (token: Token) => {
    await api.delete('/api/tokens/{id}', { path: { id: token.id } });
    toast.good(`The token ${token.name} was revoked.`);
    await queries.invalidateQueries({ queryKey: ['tokens'] });
  };
  return (
    <section className="card" aria-labelledby="tokens">
      <div className="card-head">
        <h2 id="tokens">API tokens</h2>
        <Button isSmall onClick={() => setAdding(true)}>
          <Plus size={16} aria-hidden />
          Make token
        </Button>
      </div>
      <Loaded query={query}>
        {tokens =>
          tokens.length === 0 ? (
            <Empty icon={KeySquare} title="No tokens">
              Scripts and other programs use the API with a token instead of a password: <code>Authorization: Bearer …</code>
            </Empty>
          ) : (
            <Table
              caption="API tokens"
              columns={[{ title: 'Name' }, { title: 'May' }, ...(seesAll ? [{ title: 'Made by' }] : []), { title: 'Last used' }, { title: 'Ends' }, { title: 'Actions', isMute: true }]}
            >
              {tokens.map(token => (
                <tr key={token.id}>
                  <Cell isMain>{token.name}</Cell>
                  <Cell label="May">
                    <span className="scopes">
                      {token.scopes.map(scope => (
                        <span key={scope} className="scope">
                          {scope}
                        </span>
                      ))}
                    </span>
                  </Cell>
                  {seesAll && <Cell label="Made by">{sentence(actorName(token.createdBy) ?? '')}</Cell>}
                  <Cell label="Last used">
                    <Moment time={token.usedAt} />
                  </Cell>
                  <Cell label="Ends">
                    <Moment time={token.expiresAt} />
                  </Cell>
                  <Cell isEnd>
                    <Button isSmall className="button-bad" onClick={() => setEnding(token)} aria-label={`Revoke ${token.name}`}>
                      Revoke
                    </Button>
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      {isAdding && <TokenDialog onClose={() => setAdding(false)} />}
      {ending !== null && (
        <Confirm isOpen onOpenChange={() => setEnding(null)} title={`Revoke the token ${ending.name}?`} action="Revoke token" onConfirm={() => end(ending)}>
          Whatever uses it is refused from now on. This cannot be taken back; a new token has another value.
        </Confirm>
      )}
    </section>
  );
}
