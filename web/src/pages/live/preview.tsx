import { Image as ImageIcon, Volume2, VolumeX } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button';

/** A preview that ended or broke is opened again after so long, as long as there is something to show. */
const retryMs = 1_500;

/** The preview runs at most so far behind what comes in; then it catches up. */
const mostLatencySeconds = 2.5;

/** What a browser says it can play when it plays HLS by itself: those of phones and tablets do. */
const hlsType = 'application/vnd.apple.mpegurl';

/** Without it there is no use in fetching mpegts.js. */
const hasMediaSource = () => 'MediaSource' in window || 'ManagedMediaSource' in window;

type Player = ReturnType<(typeof import('mpegts.js'))['default']['createPlayer']>;

/** The program with sound, as HTTP-FLV; where a browser cannot make a picture of that, as HLS, if it plays HLS by itself. It begins without sound, since browsers start nothing else by themselves. */
export function Preview({ channel, isOnAir, emptyText }: { channel: string; isOnAir: boolean; emptyText: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [isMuted, setMuted] = useState(true);
  const [isPlaying, setPlaying] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const element = video.current;
    if (!isOnAir || element === null) return;
    let isOver = false;
    let isNative = !hasMediaSource();
    let player: Player | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const close = () => {
      clearTimeout(timer);
      player?.destroy();
      player = null;
      if (isNative && element.hasAttribute('src')) {
        element.removeEventListener('error', again);
        element.removeEventListener('ended', again);
        element.removeAttribute('src');
        // What was fetched is let go of.
        element.load();
      }
      setPlaying(false);
    };
    const again = () => {
      close();
      if (!isOver) timer = setTimeout(() => void open(), retryMs);
    };
    const play = async (what: { play: () => Promise<void> | void }) => {
      try {
        await what.play();
      } catch {
        // Left meanwhile, or the browser wants a click first: its own controls are there.
      }
    };
    const openNatively = async (otherwise: string) => {
      isNative = true;
      if (element.canPlayType(hlsType) === '') {
        setProblem(otherwise);
        return;
      }
      element.addEventListener('error', again);
      element.addEventListener('ended', again);
      element.src = `/hls/${encodeURIComponent(channel)}/index.m3u8`;
      await play(element);
    };
    const cannotPlay = 'This browser cannot play the preview. What is on air is not affected.';
    const open = async () => {
      if (isNative) {
        await openNatively(cannotPlay);
        return;
      }
      const { default: mpegts } = await import('mpegts.js');
      if (isOver) return;
      if (!mpegts.isSupported()) {
        await openNatively(cannotPlay);
        return;
      }
      mpegts.LoggingControl.enableAll = false;
      player = mpegts.createPlayer(
        { type: 'flv', isLive: true, url: new URL(`/preview/${encodeURIComponent(channel)}.flv`, window.location.href).href },
        {
          enableWorker: false,
          lazyLoad: false,
          liveBufferLatencyChasing: true,
          liveBufferLatencyMaxLatency: mostLatencySeconds,
          liveBufferLatencyMinRemain: 0.6,
          autoCleanupSourceBuffer: true,
          autoCleanupMaxBackwardDuration: 30,
          autoCleanupMinBackwardDuration: 10,
        },
      );
      player.on(mpegts.Events.ERROR, (_type: unknown, detail: unknown) => {
        if (detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED) {
          close();
          void openNatively('This browser cannot play the codec of the program. The destinations get it all the same.');
        } else {
          again();
        }
      });
      player.on(mpegts.Events.LOADING_COMPLETE, again);
      player.attachMediaElement(element);
      player.load();
      await play(player);
    };
    const onPlaying = () => {
      setProblem(null);
      setPlaying(true);
    };
    element.addEventListener('playing', onPlaying);
    void open();
    return () => {
      isOver = true;
      element.removeEventListener('playing', onPlaying);
      close();
    };
  }, [channel, isOnAir]);

  return (
    <div className="preview">
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- a live program; captions are in its picture or nowhere */}
      <video ref={video} muted={isMuted} playsInline aria-label="Preview of the program" data-playing={isPlaying} />
      {!isPlaying && (
        <div className="preview-empty">
          <ImageIcon size={28} aria-hidden />
          <p>{problem ?? (isOnAir ? 'Opening the preview…' : emptyText)}</p>
        </div>
      )}
      {isOnAir && (
        <Button className="preview-sound" isSmall onClick={() => setMuted(!isMuted)} aria-pressed={!isMuted}>
          {isMuted ? <VolumeX size={16} aria-hidden /> : <Volume2 size={16} aria-hidden />}
          {isMuted ? 'Sound is off' : 'Sound is on'}
        </Button>
      )}
    </div>
  );
}
