import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, PlugZap, Plus, Share2, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { api } from '../../api/client';
import type { ConnectionTest, Destination } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useStatus } from '../../live/live';
import { TestAnswer } from '../../platforms/connection-test';
import { DestinationMark } from '../../platforms/mark';
import { WatchLink } from '../../platforms/watch-link';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Loaded } from '../../ui/query';
import { RowMenu } from '../../ui/row-menu';
import { Switch } from '../../ui/switch';
import { EditDestination } from './edit-destination';
import { NewDestination } from './new-destination';
import { RemoveDestination } from './remove-destination';
import { VerdictBadge } from './verdict-badge';
import '../start/start.css';
import './destinations.css';

/** The list, a new one (`/destinations/new`), or one of them. */
export default function DestinationsPage() {
  const { id } = useParams<{ id?: string }>();
  if (id === undefined) return <DestinationList />;
  return id === 'new' ? <NewDestination /> : <EditDestination key={id} id={id} />;
}

function DestinationList() {
  const query = useQuery({ queryKey: ['destinations'], queryFn: () => api.get('/api/destinations') });
  const [removing, setRemoving] = useState<Destination | null>(null);
  const mayManage = useMay('manage');
  const add = mayManage && (
    <Link href="/destinations/new" className="button button-primary">
      <Plus size={16} aria-hidden />
      Add destination
    </Link>
  );
  return (
    <>
      <PageHead title="Destinations" lead="Where the programs go. Each works for itself: trouble with one never touches the others.">
        {add}
      </PageHead>
      <div className="card">
        <Loaded query={query} height={240}>
          {rows => {
            if (rows.length === 0) {
              return (
                <Empty icon={Share2} title="The program goes nowhere yet">
                  <p>Add Twitch, YouTube or any RTMP server. A new destination is kept switched off until you want it.</p>
                </Empty>
              );
            }
            const hasChannels = new Set(rows.map(({ channelId }) => channelId)).size > 1;
            return (
              <ul className="rows" aria-label="Destinations">
                {rows.map(row => (
                  <Row key={row.id} row={row} hasChannels={hasChannels} onRemove={() => setRemoving(row)} />
                ))}
              </ul>
            );
          }}
        </Loaded>
      </div>
      <RemoveDestination destination={removing} onClose={() => setRemoving(null)} />
    </>
  );
}

function Row({ row, hasChannels, onRemove }: { row: Destination; hasChannels: boolean; onRemove: () => void }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [test, setTest] = useState<ConnectionTest | null>(null);
  const mayManage = useMay('manage');
  const mayOperate = useMay('operate');
  // States move by themselves; the list is what is kept.
  const live = useStatus(row.channelId)?.destinations.find(({ id }) => id === row.id);
  const testing = useMutation({ mutationFn: () => api.post('/api/destinations/{id}/test-connection', { path: { id: row.id } }), onSuccess: setTest });
  const toggle = useMutation({
    mutationFn: (enabled: boolean) => api.put('/api/destinations/{id}', { path: { id: row.id }, body: { enabled } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['destinations'] }),
  });
  const isEnabled = toggle.isPending ? toggle.variables : (live?.enabled ?? row.enabled);
  const error = isEnabled && live && live.verdict !== 'delivering' && live.state !== 'idle' ? live.lastError : null;
  const isFixed = row.origin === 'configuration';
  return (
    <li className="managed" data-testid={`destination-${row.name}`}>
      <DestinationMark platform={row.platform} url={row.url} />
      <div className="managed-name">
        <div className="managed-title">
          <h2>
            <Link href={`/destinations/${row.id}`}>{row.name}</Link>
          </h2>
          <WatchLink name={row.name} url={row.playbackUrl} />
        </div>
        <p className="soft small">
          {row.url}
          {hasChannels && ` · channel ${row.channelId}`}
          {isFixed && ' · from config.yml'}
        </p>
      </div>
      <div className="managed-state">
        <VerdictBadge row={live ?? { ...row, enabled: isEnabled }} />
      </div>
      <Switch label={`Send to ${row.name}`} isOn={isEnabled} disabled={!mayOperate || toggle.isPending} onChange={on => toggle.mutate(on)} />
      <div className="managed-buttons">
        {mayManage && (
          <Button isSmall isBusy={testing.isPending} onClick={() => testing.mutate()} aria-label={`Test ${row.name}`}>
            {!testing.isPending && <PlugZap size={16} aria-hidden />}
            Test
          </Button>
        )}
        {mayManage && (
          <RowMenu
            label={`More for ${row.name}`}
            actions={[
              { title: 'Edit', icon: Pencil, onSelect: () => go(`/destinations/${row.id}`) },
              ...(isFixed ? [] : [{ title: 'Delete…', icon: Trash2, onSelect: onRemove, isDanger: true }]),
            ]}
          />
        )}
      </div>
      {(test !== null || error !== null) && (
        <div className="managed-more">
          {test !== null ? (
            <TestAnswer test={test} />
          ) : (
            <p className="managed-error small">
              <strong>{error}</strong> <span className="soft">The other destinations are not affected.</span>
            </p>
          )}
        </div>
      )}
    </li>
  );
}
