import type { Source } from '../../api/types';
import { encoderName } from '../../live/encoder-name';
import { bitrate, codecName, frames, seconds } from '../../ui/format';

export interface Check {
  name: string;
  value: string;
  /** What to change; null: it is right, or not known yet. */
  advice: string | null;
}

/** A group of pictures has to pass before its length is known. */
const unknown = 'measuring…';

/** Is this still being measured? */
export const isMeasuring = (check: Check): boolean => check.value === unknown;

/** What platforms ask for: Twitch and YouTube 2 s, a tenth for what encoders round. */
const keyframeAskedSeconds = 2.2;

/** What comes in, line by line; null: nothing yet. */
export function checkSource(source: Source | undefined): Check[] | null {
  if (!source || source.state === 'absent') return null;
  const { video, audio } = source;
  const checks: Check[] = [{ name: 'Encoder', value: encoderName(source.encoder) || 'does not say its name', advice: null }];
  if (video === null) {
    checks.push({ name: 'Picture', value: unknown, advice: null });
  } else {
    checks.push(
      { name: 'Picture', value: `${codecName(video.codec)}, ${video.width}×${video.height}`, advice: codecAdvice(video.codec) },
      { name: 'Frames a second', value: video.fps > 0 ? frames(video.fps) : unknown, advice: null },
      { name: 'Bitrate', value: video.bitrateKbps > 0 ? bitrate(video.bitrateKbps) : unknown, advice: null },
      { name: 'Keyframe', value: video.keyframeIntervalSeconds > 0 ? `every ${seconds(video.keyframeIntervalSeconds)}` : unknown, advice: keyframeAdvice(video.keyframeIntervalSeconds) },
    );
  }
  checks.push({
    name: 'Sound',
    value: audio === null ? 'none' : `${codecName(audio.codec)}, ${audio.sampleRate / 1_000} kHz, ${audio.channels === 1 ? 'mono' : audio.channels === 2 ? 'stereo' : `${audio.channels} channels`}`,
    advice: audio === null && video !== null ? 'Silence is sent in its place. Is the sound muted or missing in the encoder?' : null,
  });
  return checks;
}

/** Words of the server that no line above says already. */
export function otherWarnings(source: Source, checks: readonly Check[]): string[] {
  const hasAdvice = (name: string) => checks.some(check => check.name === name && check.advice !== null);
  return source.warnings.filter(
    warning =>
      !(hasAdvice('Keyframe') && warning.includes('eyframe')) && !(hasAdvice('Picture') && warning.includes('video codec')) && !(hasAdvice('Sound') && warning.includes('silence')),
  );
}

function codecAdvice(codec: string): string | null {
  return codec === 'h264' ? null : 'Most platforms take only H.264. In OBS: Settings › Output › Video Encoder: x264 or a hardware H.264 encoder.';
}

function keyframeAdvice(seconds: number): string | null {
  return seconds > keyframeAskedSeconds ? 'Platforms ask for 2 s. In OBS: Settings › Output › Keyframe Interval: 2 s (not 0, which is automatic).' : null;
}
