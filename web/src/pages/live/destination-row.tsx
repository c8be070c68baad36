import { CircleAlert, CircleCheck, CircleOff, Clock, LoaderCircle, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api } from '../../api/client';
import type { DestinationStatus } from '../../api/types';
import { useHistory, useServerNow } from '../../live/live';
import { sparkLength } from '../../live/state';
import { DestinationMark } from '../../platforms/mark';
import { WatchLink } from '../../platforms/watch-link';
import { useMay } from '../../session/session';
import { Badge, type Tone } from '../../ui/badge';
import { bitrate, bytes, clock, frames } from '../../ui/format';
import { Sparkline } from '../../ui/sparkline';
import { Switch } from '../../ui/switch';

/** The honest verdict in a word. */
export function verdictOf(row: Pick<DestinationStatus, 'enabled' | 'state' | 'verdict'>): { words: string; tone: Tone; icon: LucideIcon } {
  if (!row.enabled || row.state === 'disabled') return { words: 'Switched off', tone: 'off', icon: CircleOff };
  if (row.state === 'failed') return { words: 'Given up', tone: 'bad', icon: CircleAlert };
  switch (row.verdict) {
    case 'delivering':
      return { words: 'Arrives', tone: 'good', icon: CircleCheck };
    case 'stalled':
      return { words: 'Stalled', tone: 'warn', icon: TriangleAlert };
    case 'rejected':
      return { words: 'Rejected', tone: 'bad', icon: CircleAlert };
    case 'unreachable':
      return { words: 'Unreachable', tone: 'bad', icon: CircleAlert };
    default:
      return row.state === 'idle' ? { words: 'Ready', tone: 'calm', icon: Clock } : { words: 'Connecting', tone: 'calm', icon: LoaderCircle };
  }
}

export function DestinationRow({ channel, row }: { channel: string; row: DestinationStatus }) {
  const history = useHistory(`${channel}/${row.id}`);
  const mayOperate = useMay('operate');
  const toggle = useMutation({ mutationFn: (enabled: boolean) => api.put('/api/destinations/{id}', { path: { id: row.id }, body: { enabled } }) });
  const verdict = verdictOf(row);
  const isSending = row.state === 'live';
  return (
    <li className={row.enabled ? 'destination' : 'destination destination-off'}>
      <DestinationMark platform={row.platform} url={row.url} />
      <div className="destination-name">
        <div className="destination-title">
          <h3>
            <Link href={`/destinations/${row.id}`}>{row.name}</Link>
          </h3>
          <WatchLink name={row.name} url={row.playbackUrl} />
        </div>
        <p className="soft small">{row.url.replace(/^(rtmps?:\/\/[^/]+).*/, '$1')}</p>
      </div>
      <div className="destination-verdict">
        <Badge tone={verdict.tone} icon={verdict.icon}>
          {verdict.words}
        </Badge>
        <span className="soft small numbers">{isSending ? clock(row.uptimeSeconds) : ''}</span>
      </div>
      <div className="destination-curve">
        <Sparkline values={history?.bitrateKbps.slice(-sparkLength) ?? []} count={sparkLength} label={`Bitrate of ${row.name} in the last two minutes`} />
        <span className="numbers small">{isSending ? bitrate(row.bitrateKbps) : '–'}</span>
        <Sparkline values={history?.fps.slice(-sparkLength) ?? []} count={sparkLength} label={`Frames per second of ${row.name} in the last two minutes`} />
        <span className="numbers small">{isSending ? `${frames(row.fps)} fps` : '–'}</span>
      </div>
      <dl className="destination-figures numbers">
        <div>
          <dt>Queue</dt>
          <dd>{isSending ? `${(row.queueMs / 1_000).toFixed(1)} s` : '–'}</dd>
        </div>
        <div>
          <dt>Dropped</dt>
          <dd className={row.framesDropped > 0 ? 'figure-warn' : ''}>{row.framesDropped}</dd>
        </div>
        <div>
          <dt>Reconnects</dt>
          <dd className={row.connects > 1 ? 'figure-warn' : ''}>{Math.max(0, row.connects - 1)}</dd>
        </div>
        <div>
          <dt>Sent</dt>
          <dd>{bytes(row.bytesSent)}</dd>
        </div>
      </dl>
      <Switch
        label={`Send to ${row.name}`}
        isOn={toggle.isPending ? toggle.variables : row.enabled}
        disabled={!mayOperate || toggle.isPending}
        onChange={enabled => toggle.mutate(enabled)}
      />
      {row.enabled && row.state !== 'idle' && row.lastError !== null && row.verdict !== 'delivering' && (
        <p className="destination-error small">
          <strong>{row.lastError}</strong> <NextTry at={row.nextRetryAt} /> <span className="soft">The other destinations are not affected.</span>
        </p>
      )}
    </li>
  );
}

function NextTry({ at }: { at: string | null }) {
  const now = useServerNow();
  if (at === null) return null;
  const seconds = Math.ceil((Date.parse(at) - now) / 1_000);
  return <span className="numbers">{seconds > 0 ? `Next try in ${seconds} s.` : 'Trying again now.'}</span>;
}
