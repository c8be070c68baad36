import { expect, it } from 'vitest';
import type { Source } from '../../api/types';
import { checkSource, otherWarnings } from './source-check';

const source: Source = {
  id: 'main', state: 'connected', selected: 'auto', encoder: 'obs-output module (libobs version 31.0.2)', remoteAddress: '', clientId: null, connectedAt: null, transcoded: false, warnings: [],
  video: { codec: 'h264', width: 1920, height: 1080, fps: 60, bitrateKbps: 6000, keyframeIntervalSeconds: 2 },
  audio: { codec: 'aac', sampleRate: 48000, channels: 2, bitrateKbps: 160 },
};

it('says what comes in', () => {
  const checks = checkSource(source);
  expect(checks?.map(({ value }) => value)).toEqual(['OBS 31.0.2', 'H.264, 1920×1080', '60', '6.0 Mbit/s', 'every 2 s', 'AAC, 48 kHz, stereo']);
  expect(checks?.every(({ advice }) => advice === null)).toBe(true);
});

it('says what to change, once', () => {
  const bad: Source = {
    ...source,
    video: { codec: 'hevc', width: 1920, height: 1080, fps: 60, bitrateKbps: 6000, keyframeIntervalSeconds: 8 },
    audio: null,
    warnings: ['The video codec is hvc1; most …', 'A keyframe comes every 8 s; …', 'There is no sound; silence is added.', 'The video is interlaced.'],
  };
  const checks = checkSource(bad) ?? [];
  expect(checks.filter(({ advice }) => advice !== null).map(({ name }) => name)).toEqual(['Picture', 'Keyframe', 'Sound']);
  expect(otherWarnings(bad, checks)).toEqual(['The video is interlaced.']);
});

it('waits for what it does not know yet', () => {
  expect(checkSource(undefined)).toBeNull();
  expect(checkSource({ ...source, state: 'absent' })).toBeNull();
  expect(checkSource({ ...source, video: null, audio: null })?.map(({ value }) => value)).toEqual(['OBS 31.0.2', 'measuring…', 'none']);
});
