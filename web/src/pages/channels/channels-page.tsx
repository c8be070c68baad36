import { useQuery } from '@tanstack/react-query';
import { Pencil, Plus, Trash2, Tv } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { api } from '../../api/client';
import type { Channel } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { liveWay } from '../../live/channel-ways';
import { useStatus } from '../../live/live';
import { NoPicture, Picture } from '../../live/picture';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Loaded } from '../../ui/query';
import { RowMenu } from '../../ui/row-menu';
import { AirBadge } from './air-badge';
import { ChannelAir } from './channel-air';
import { EditChannel } from './edit-channel';
import { NewChannel } from './new-channel';
import { RemoveChannel } from './remove-channel';
import './channels.css';

/** The list, or one of them. */
export default function ChannelsPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <ChannelList /> : <EditChannel key={id} id={id} />;
}

function ChannelList() {
  const query = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const mayManage = useMay('manage');
  return (
    <>
      <PageHead title="Channels" lead="Each is a program of its own, with its own sources, keys, fallback and destinations.">
        {mayManage && (
          <Button look="primary" onClick={() => setAdding(true)}>
            <Plus size={16} aria-hidden />
            New channel
          </Button>
        )}
      </PageHead>
      <div className="card">
        <Loaded query={query} height={160}>
          {channels => (
            <ul className="rows" aria-label="Channels">
              {channels.map(channel => (
                <Row key={channel.id} channel={channel} onRemove={() => setRemoving(channel.id)} />
              ))}
            </ul>
          )}
        </Loaded>
      </div>
      <NewChannel isOpen={isAdding} onOpenChange={setAdding} />
      <RemoveChannel id={removing} onClose={() => setRemoving(null)} />
    </>
  );
}

const starts: Readonly<Record<string, string>> = { on_publish: 'goes on air when a source publishes', always: 'is always on air', manual: 'goes on air when somebody says so' };

function Row({ channel, onRemove }: { channel: Channel; onRemove: () => void }) {
  const { id } = channel;
  const [, go] = useLocation();
  const status = useStatus(id);
  const mayManage = useMay('manage');
  const state = status?.state ?? channel.state;
  const isOnAir = state === 'live' || state === 'fallback';
  const sending = status?.destinations.filter(({ enabled }) => enabled).length ?? 0;
  const all = status?.destinations.length ?? 0;
  return (
    <li className="channel" data-testid={`channel-${id}`}>
      {isOnAir ? <Picture channel={id} label={`The program of ${id}`} /> : <NoPicture />}
      <div className="channel-name">
        <h2>
          <Link href={`/channels/${id}`}>{id}</Link>
        </h2>
        <p className="soft small">
          {`It ${starts[channel.start] ?? ''} · ${all === 0 ? 'no destination' : `${sending} of ${all} ${all === 1 ? 'destination' : 'destinations'} on`}`}
          {channel.origin === 'configuration' && id !== 'main' && ' · from config.yml'}
        </p>
      </div>
      <div className="channel-state">
        <AirBadge state={state} />
      </div>
      <div className="channel-buttons">
        <ChannelAir id={id} state={state} />
        <Link href={liveWay(id)} className="button button-small" aria-label={`Live page of ${id}`}>
          <Tv size={16} aria-hidden />
          Live page
        </Link>
        <RowMenu
          label={`More for ${id}`}
          actions={[
            { title: mayManage ? 'Edit' : 'Settings', icon: Pencil, onSelect: () => go(`/channels/${id}`) },
            ...(mayManage && channel.origin !== 'configuration' ? [{ title: 'Delete…', icon: Trash2, onSelect: onRemove, isDanger: true }] : []),
          ]}
        />
      </div>
    </li>
  );
}
