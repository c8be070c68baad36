import { CircleCheck, CircleOff, Radio, TriangleAlert, type LucideIcon } from 'lucide-react';
import { Link } from 'wouter';
import type { Source, Status } from '../../api/types';
import { FoldedCurves } from '../../live/curves';
import { Badge, type Tone } from '../../ui/badge';
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
        <Link href="/start" className="small">
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
        <div className="row">
          <h3>{source.id === 'main' ? 'Main' : source.id === 'backup' ? 'Backup' : source.id}</h3>
          <Badge tone={state.tone} icon={state.icon}>
            {state.words}
          </Badge>
        </div>
        <span className="soft small">{source.encoder}</span>
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
    </li>
  );
}
