import { expect, it } from 'vitest';
import { platformOf, platforms } from './platforms';

it('has one tile for each platform, with an address or an example of one', () => {
  expect(new Set(platforms.map(({ id }) => id)).size).toBe(platforms.length);
  for (const { url, urlExample } of platforms) expect(url || urlExample).toMatch(/^rtmps?:\/\/\S+\/\S+$/);
});

it('knows a platform again by what the server keeps of it', () => {
  expect(platformOf('twitch', 'rtmp://fra.contribute.live-video.net/app')?.id).toBe('twitch');
  expect(platformOf('custom', 'rtmps://live-upload.instagram.com:443/rtmp/')?.id).toBe('instagram');
  expect(platformOf('custom', 'rtmp://127.0.0.1/live')).toBeUndefined();
});
