import { expect, it } from 'vitest';
import type { Destination } from '../../api/types';
import { changes } from '../../editing/merge';
import { bodyOf, valuesOf } from './values';

const destination: Destination = {
  id: 'd1', name: 'Twitch', platform: 'twitch', url: 'rtmp://live.twitch.tv/app', playbackUrl: 'https://twitch.tv/you', enabled: true, streamKeyHint: '…1234', channelId: 'main', origin: 'api',
  settings: { queueLimitMs: 5000, retryLimit: 0, allowUntrustedCertificate: false }, state: 'idle', verdict: 'idle', lastError: null,
};

it('never has the stream key, and sends one only when one was entered', () => {
  const values = valuesOf(destination);
  expect(values.streamKey).toBe('');
  expect(bodyOf(changes(values, { ...values, name: 'Stage' }))).toEqual({ name: 'Stage' });
  expect(bodyOf(changes(values, { ...values, streamKey: ' new ' }))).toEqual({ streamKey: 'new' });
});

it('sends the watch page when it was changed, and empty when it was cleared', () => {
  const values = valuesOf(destination);
  expect(values.playbackUrl).toBe('https://twitch.tv/you');
  expect(bodyOf(changes(values, { ...values, playbackUrl: ' https://twitch.tv/me ' }))).toEqual({ playbackUrl: 'https://twitch.tv/me' });
  expect(bodyOf(changes(values, { ...values, playbackUrl: '' }))).toEqual({ playbackUrl: '' });
});

it('sends fine settings as numbers, and what is no number for the server to refuse', () => {
  const values = valuesOf(destination);
  expect(bodyOf(changes(values, { ...values, queueLimitMs: '8000', retryInitialSeconds: '0,5' }))).toEqual({ settings: { queueLimitMs: 8000, retryInitialSeconds: 0.5 } });
  expect(bodyOf(changes(values, { ...values, retryLimit: 'ten' }))).toEqual({ settings: { retryLimit: 'ten' } });
  expect(bodyOf(changes(values, { ...values, allowUntrustedCertificate: 'true' }))).toEqual({ settings: { allowUntrustedCertificate: true } });
});
