import { useQueryClient } from '@tanstack/react-query';
import { CircleCheck, PlugZap, Radio } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../../api/client';
import { useIdempotencyKey } from '../../api/idempotency';
import type { ConnectionTest, Status } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { ChannelChoice, useChannelInQuery } from '../../live/channel-choice';
import { liveWay, wayOf } from '../../live/channel-ways';
import { useStatus } from '../../live/live';
import { PlatformHelp, PlatformTiles, refilled } from '../../platforms/choice';
import { TestAnswer } from '../../platforms/connection-test';
import { platforms, type Platform } from '../../platforms/platforms';
import { Button } from '../../ui/button';
import { Field, Form, useForm } from '../../ui/form';
import { toast } from '../../ui/toasts';
import './start.css';

const fields = ['name', 'url', 'streamKey'] as const;
const [firstPlatform] = platforms;

/** Had the channel no destination when the page was opened? The one that a test keeps does not count. */
function useIsFirst(status: Status | null): boolean {
  const [known, setKnown] = useState<{ channel: string; isFirst: boolean } | null>(null);
  if (status !== null && known?.channel !== status.channel) setKnown({ channel: status.channel, isFirst: status.destinations.length === 0 });
  return known?.isFirst === true;
}

/** The third screen: a destination is kept switched off until it goes live, so that a test shows nobody anything. */
export default function DestinationPage() {
  const [platform, setPlatform] = useState<Platform | undefined>(firstPlatform);
  const [name, setName] = useState(firstPlatform?.name ?? '');
  const [url, setUrl] = useState(firstPlatform?.url ?? '');
  const [streamKey, setStreamKey] = useState('');
  const [savedId, setSavedId] = useState<string | null>(null);
  const [test, setTest] = useState<ConnectionTest | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const channel = useChannelInQuery();
  const status = useStatus(channel);
  const isFirst = useIsFirst(status);
  const idempotencyKey = useIdempotencyKey();

  const choose = (next: Platform) => {
    const filled = refilled({ name, url }, platform, next);
    setName(filled.name);
    setUrl(filled.url);
    setPlatform(next);
    setTest(null);
  };

  const save = useCallback(async () => {
    const kind = platform?.kind ?? 'custom';
    if (savedId === null) {
      const made = await api.post('/api/destinations', { body: { name, platform: kind, url, streamKey, channelId: channel, enabled: false }, idempotencyKey: idempotencyKey({ name, kind, url, streamKey, channel }) });
      setSavedId(made.id);
      return made.id;
    }
    await api.put('/api/destinations/{id}', { path: { id: savedId }, body: { name, platform: kind, url, streamKey } });
    return savedId;
  }, [channel, idempotencyKey, name, platform, savedId, streamKey, url]);

  const submit = useCallback(async () => {
    setTest(null);
    const id = await save();
    await queries.invalidateQueries({ queryKey: ['destinations'] });
    setTest(await api.post('/api/destinations/{id}/test-connection', { path: { id } }));
  }, [queries, save]);
  const state = useForm(fields, submit);

  const change = (set: (value: string) => void) => (value: string) => {
    set(value);
    setTest(null);
  };

  const isOnAir = status?.state === 'live' || status?.state === 'fallback';
  const goLive = async () => {
    setStarting(true);
    try {
      const id = await save();
      await api.put('/api/destinations/{id}', { path: { id }, body: { enabled: true } });
      // On air already: the destination is taken along, and nothing begins.
      if (!isOnAir) await api.post('/api/channels/{id}/start', { path: { id: channel } });
      await queries.invalidateQueries({ queryKey: ['destinations'] });
      go(liveWay(channel));
    } catch (error) {
      toast.bad(error);
      setStarting(false);
    }
  };

  return (
    <>
      <PageHead
        title="Add a destination"
        {...(isFirst ? { step: 'Step 3 of 3' } : {})}
        lead="Where the program goes. Add as many as you like; trouble with one never touches the others.">
        {/* A destination stays with the channel for which it was kept. */}
        <ChannelChoice channel={channel} wayTo={id => wayOf('/start/destination', id)} disabled={savedId !== null || state.isBusy} />
      </PageHead>
      <Form state={state}>
        <PlatformTiles chosen={platform} onChoose={choose} />
        <div className="destination-form">
          <section className="card card-body stack" aria-label="Destination">
            <Field label="Name" name="name" value={name} onChange={setName} state={state} maxLength={100} hint="As you call it here; nobody else sees it." />
            <Field label="Server" name="url" value={url} onChange={change(setUrl)} state={state} inputMode="url" spellCheck={false} placeholder={platform?.urlExample} />
            <Field
              label="Stream key"
              name="streamKey"
              type="password"
              value={streamKey}
              onChange={change(setStreamKey)}
              state={state}
              autoComplete="off"
              hint="Kept sealed on this server, and never shown again."
            />
          </section>
          <section className="stack" aria-label="Help and test">
            {platform && <PlatformHelp platform={platform} />}
            {test !== null && <TestAnswer test={test} />}
            <div className="row">
              <Button type="submit" isBusy={state.isBusy} disabled={isStarting}>
                <PlugZap size={16} aria-hidden />
                Test
              </Button>
              <Button look="primary" isBusy={isStarting} disabled={test?.ok !== true} onClick={goLive}>
                <Radio size={16} aria-hidden />
                {isOnAir ? 'Send to it now' : 'Go live'}
              </Button>
            </div>
            {test?.ok === true ? (
              <p className="soft small row">
                <CircleCheck size={16} aria-hidden />
                {isOnAir ? 'The program is on air: it goes to this destination at once.' : 'Without an encoder, the program begins with the fallback picture.'}
              </p>
            ) : (
              <p className="soft small">Test saves the destination, switched off, and asks its server whether you may publish. Going live follows.</p>
            )}
          </section>
        </div>
      </Form>
    </>
  );
}
