import { expect, it } from 'vitest';
import type { ChannelSettings } from '../../api/types';
import { changes } from '../../editing/merge';
import { settingsOf, valuesOf, type ChannelValues } from './values';

const settings: ChannelSettings = {
  start: 'on_publish', fallbackType: 'slate', fallbackMedia: null, rtmpTimeoutSeconds: 1, checkIntervalSeconds: 2, returnAfterSeconds: 2, endAfterSeconds: 1800,
  onCrash: 'fallback', onStall: 'fallback', onCleanEnd: 'fallback', onFormatChange: 'transcode', width: 1920, height: 1080, fps: 30, videoBitrateKbps: 2500, audioBitrateKbps: 160,
};
const typeOf = (filename: string) => (filename === 'm-1.mp4' ? 'video' : undefined);
const sent = (change: Partial<ChannelValues>, from = settings) => settingsOf(changes(valuesOf(from), { ...valuesOf(from), ...change } as ChannelValues), typeOf);

it('sends what was changed, numbers as numbers', () => {
  expect(sent({})).toEqual({});
  expect(sent({ returnAfterSeconds: '0,5', onCrash: 'end' })).toEqual({ returnAfterSeconds: 0.5, onCrash: 'end' });
  expect(sent({ fps: 'fast', width: '' })).toEqual({ fps: 'fast', width: '' });
});

it('sends a fallback with its type, and leaves one of config.yml alone', () => {
  expect(sent({ fallback: 'm-1.mp4' })).toEqual({ fallbackType: 'video', fallbackMedia: 'm-1.mp4' });
  const configured: ChannelSettings = { ...settings, fallbackType: 'image' };
  expect(valuesOf(configured).fallback).toBe('configured');
  expect(sent({ fps: '25' }, configured)).toEqual({ fps: 25 });
  expect(sent({ fallback: 'slate' }, configured)).toEqual({ fallbackType: 'slate' });
});
