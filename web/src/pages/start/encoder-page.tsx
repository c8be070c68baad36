import { useQuery } from '@tanstack/react-query';
import { ArrowRight, CircleCheck, LoaderCircle, TriangleAlert } from 'lucide-react';
import { Link } from 'wouter';
import { api } from '../../api/client';
import { wordsOf } from '../../api/problem';
import { PageHead } from '../../app/page-head';
import { ChannelChoice, useChannelInQuery } from '../../live/channel-choice';
import { wayOf } from '../../live/channel-ways';
import { useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Copy } from '../../ui/copy';
import { localNameIn } from '../../ui/local-name';
import { Notice } from '../../ui/notice';
import { checkSource, isMeasuring, otherWarnings } from './source-check';
import './start.css';

/** What to enter into an encoder: the key in full for who may see it. */
async function readKey(channel: string, hint: string): Promise<string | null> {
  const keys = await api.get('/api/keys');
  // One of its own that stands behind a key of the settings has another end.
  const own = keys.find(key => key.channelId === channel && key.sourceId === 'main' && key.origin === 'channel' && key.keyHint === hint);
  return own ? ((await api.post('/api/keys/{id}/reveal', { path: { id: own.id } })).key ?? null) : null;
}

/** The second screen, and the page to come back to when an encoder has to be set up. */
export default function EncoderPage() {
  const mayReveal = useMay('administer');
  const channel = useChannelInQuery();
  const status = useStatus(channel);
  const localName = localNameIn(status?.ingest.url ?? '');
  const hint = status?.ingest.keyHint ?? '';
  // Not one of the lists of keys: those are read again after each event about keys, and showing one is such an event. Another key has another hint.
  const key = useQuery({ queryKey: ['revealed-key', channel, hint], queryFn: () => readKey(channel, hint), enabled: mayReveal && hint !== '', staleTime: Infinity, gcTime: 0 });
  return (
    <>
      <PageHead
        title="Paste this into OBS"
        {...(status?.destinations.length === 0 ? { step: 'Step 2 of 3' } : {})}
        lead="In OBS: Settings › Stream, service Custom. Any encoder that speaks RTMP works the same way.">
        <ChannelChoice channel={channel} wayTo={id => wayOf('/start', id)} />
      </PageHead>
      <div className="start">
        <section className="card card-body stack" aria-label="What to enter">
          <div className="field">
            <span className="label">Server</span>
            {status ? <Copy label="server" value={status.ingest.url} /> : <div className="copy-wait" />}
          </div>
          <div className="field">
            <span className="label">Stream key</span>
            {key.data ? (
              <Copy label="stream key" value={key.data} />
            ) : key.isLoading || !status ? (
              <div className="copy-wait" />
            ) : (
              <Notice tone="calm">
                {hint.length > 1 && (
                  <>
                    The key ends in <code>{hint}</code>.{' '}
                  </>
                )}
                {key.error ? wordsOf(key.error) : mayReveal ? 'It is the one in your settings (INGEST_KEY or config.yml).' : 'Owners can see it in full.'}
              </Notice>
            )}
          </div>
          <dl className="facts start-facts">
            <div>
              <dt>Rate control</dt>
              <dd>CBR</dd>
            </div>
            <div>
              <dt>Keyframe interval</dt>
              <dd>2 s</dd>
            </div>
            <div>
              <dt>1280×720, 30 fps</dt>
              <dd>2,500 kbit/s</dd>
            </div>
            <div>
              <dt>1920×1080, 60 fps</dt>
              <dd>6,000 kbit/s</dd>
            </div>
          </dl>
          {localName !== null && (
            <p className="soft small">
              <code>{localName}</code> works only for OBS on the same computer as this server. On any other, enter the server&rsquo;s name or address in its place.
            </p>
          )}
        </section>
        <SourceCheck channel={channel} />
      </div>
      <div className="start-foot">
        <p className="soft">When the encoder drops, the fallback picture is shown until it is back. That works without any setting.</p>
        <Link href={wayOf('/start/destination', channel)} className="button button-primary">
          Add a destination
          <ArrowRight size={16} aria-hidden />
        </Link>
      </div>
    </>
  );
}

/** Turns from waiting to connected by itself. */
function SourceCheck({ channel }: { channel: string }) {
  const source = useStatus(channel)?.sources.find(({ id }) => id === 'main');
  const checks = checkSource(source);
  if (!source || checks === null) {
    return (
      <section className="card card-body check-wait" aria-label="What arrives" role="status">
        <LoaderCircle className="spinner" size={28} aria-hidden />
        <h2>Waiting for your encoder</h2>
        <p className="soft">Start streaming in OBS. As soon as something arrives, this page shows it.</p>
      </section>
    );
  }
  const isStalled = source.state === 'stalled';
  const warnings = otherWarnings(source, checks);
  const isMeasured = !checks.some(isMeasuring);
  const isGood = !isStalled && warnings.length === 0 && checks.every(({ advice }) => advice === null);
  return (
    <section className="card" aria-label="What arrives">
      <div className="card-head" role="status">
        <h2>{isStalled ? 'Connected, but nothing arrives' : 'Connected'}</h2>
        {isGood && !isMeasured ? (
          <Badge tone="calm" icon={LoaderCircle}>
            Measuring
          </Badge>
        ) : (
          <Badge tone={isGood ? 'good' : 'warn'} icon={isGood ? CircleCheck : TriangleAlert}>
            {isGood ? 'Ready to go live' : isStalled ? 'Stalled' : 'Works, with advice'}
          </Badge>
        )}
      </div>
      <ul className="source-checks">
        {checks.map(check => (
          <li key={check.name}>
            {isMeasuring(check) ? (
              <LoaderCircle className="spinner soft" size={18} aria-hidden />
            ) : check.advice === null ? (
              <CircleCheck className="check-good" size={18} aria-label="right" />
            ) : (
              <TriangleAlert className="check-warn" size={18} aria-label="to be changed" />
            )}
            <span className="soft">{check.name}</span>
            <strong className="numbers">{check.value}</strong>
            {check.advice !== null && <p>{check.advice}</p>}
          </li>
        ))}
      </ul>
      {warnings.map(warning => (
        <div key={warning} className="check-more">
          <Notice tone="warn">{warning}</Notice>
        </div>
      ))}
    </section>
  );
}
