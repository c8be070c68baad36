import { CircleCheck, CircleOff, Radio, TriangleAlert, Unplug, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { Source, Status } from '../../api/types';
import { wayOf } from '../../live/channel-ways';
import { FoldedCurves } from '../../live/curves';
import { encoderName } from '../../live/encoder-name';
import { Picture } from '../../live/picture';
import { useMay } from '../../session/session';
import { Badge, type Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { bitrate, frames, seconds } from '../../ui/format';
import { Notice } from '../../ui/notice';

function stateOf(source: Source, isShown: boolean): { words: string; tone: Tone; icon: LucideIcon } {
  if (source.state === 'absent') return { words: 'Absent', tone: 'off', icon: CircleOff };
  if (source.state === 'stalled') return { words: 'Stalled', tone: 'warn', icon: TriangleAlert };
  return isShown ? { words: 'On the program', tone: 'good', icon: Radio } : { words: 'Ready', tone: 'good', icon: CircleCheck };
}

/** Every source of the channel in a line with its advice. The backup is not shown as long as nobody has ever used it. */
export function SourceCard({ status }: { status: Status }) {
  const shown = status.sources.filter(source => source.id === 'main' || source.state !== 'absent');
  return (
    <section className="card" aria-labelledby="sources">
      <div className="card-head">
        <h2 id="sources">{shown.length > 1 ? 'Sources' : 'Source'}</h2>
        <Link href={wayOf('/start', status.channel)} className="small">
          How to connect
        </Link>
      </div>
      <ul className="sources">
        {shown.map(source => (
          <SourceLine key={source.id} channel={status.channel} source={source} isShown={status.program.activeSource === source.id} />
        ))}
      </ul>
    </section>
  );
}

function SourceLine({ channel, source, isShown }: { channel: string; source: Source; isShown: boolean }) {
  const state = stateOf(source, isShown);
  const { video, audio } = source;
  return (
    <li>
      <div className="source-line">
        {video !== null && <Picture channel={channel} source={source.id} label={`What ${nameOf(source)} sends`} />}
        <div className="source-words">
          <div className="row">
            <h3>{nameOf(source)}</h3>
            <Badge tone={state.tone} icon={state.icon}>
              {state.words}
            </Badge>
          </div>
          <p className="soft small">{encoderName(source.encoder)}</p>
        </div>
      </div>
      {video !== null && (
        <dl className="facts small">
          <div>
            <dt>Picture</dt>
            <dd>
              {video.width}×{video.height}
            </dd>
          </div>
          <div>
            <dt>Frames</dt>
            <dd>{frames(video.fps)} fps</dd>
          </div>
          <div>
            <dt>Bitrate</dt>
            <dd>{bitrate(video.bitrateKbps + (audio?.bitrateKbps ?? 0))}</dd>
          </div>
          <div>
            <dt>Keyframe</dt>
            <dd>{video.keyframeIntervalSeconds > 0 ? seconds(video.keyframeIntervalSeconds) : '–'}</dd>
          </div>
        </dl>
      )}
      {video !== null && <FoldedCurves of={`${channel}/source/${source.id}`} label="Over time" />}
      {source.state === 'absent' && <p className="soft small">No encoder is connected.</p>}
      {source.state === 'stalled' && (
        <Notice tone="warn">The encoder is connected, but nothing comes. Look at its network and at the machine that it runs on.</Notice>
      )}
      {source.warnings.map(warning => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      {source.clientId !== null && <Disconnect source={source} clientId={source.clientId} isShown={isShown} />}
    </li>
  );
}

const nameOf = ({ id }: Source): string => (id === 'main' ? 'Main' : id === 'backup' ? 'Backup' : id);

/** Sends an encoder away that holds the source, for example so that another one can take its place. */
function Disconnect({ source, clientId, isShown }: { source: Source; clientId: string; isShown: boolean }) {
  // Of whom it was asked: another encoder that comes meanwhile is not sent away for it.
  const [asked, setAsked] = useState<{ clientId: string; who: string } | null>(null);
  const mayOperate = useMay('operate');
  if (!mayOperate) return null;
  const who = [encoderName(source.encoder) || 'The encoder', source.remoteAddress && `from ${source.remoteAddress}`].filter(Boolean).join(' ');
  const close = (id: string) =>
    api.delete('/api/streams/{clientId}', { path: { clientId: id } }).catch((error: unknown) => {
      // It went by itself meanwhile: that is what was wanted.
      if (!(error instanceof ApiError && error.code === 'stream_not_found')) throw error;
    });
  return (
    <div>
      <Button isSmall onClick={() => setAsked({ clientId, who })}>
        <Unplug size={14} aria-hidden />
        Disconnect the encoder
      </Button>
      {asked !== null && (
        <Confirm isOpen onOpenChange={open => !open && setAsked(null)} title={`Disconnect the encoder of ${nameOf(source)}?`} action="Disconnect the encoder" onConfirm={() => close(asked.clientId)}>
          <p>
            {asked.who} is disconnected{isShown ? ', and the program goes on without it: with the backup, or with the fallback' : ''}. The source is free then for whoever publishes next.
          </p>
          <p>Many encoders connect again by themselves. To keep one out, stop it, or revoke its stream key.</p>
        </Confirm>
      )}
    </div>
  );
}
