import { expect, it } from 'vitest';
import { encoderName } from './encoder-name';

it.each([
  ['obs-output module (libobs version 31.0.2)', 'OBS 31.0.2'],
  ['obs-output module (libobs version 32.1.0-beta1)', 'OBS 32.1.0-beta1'],
  ['Lavf59.27.100', 'ffmpeg (Lavf 59.27.100)'],
  ['FMLE/3.0 (compatible; Lavf59.27.100)', 'ffmpeg (Lavf 59.27.100)'],
  ['FMLE/3.0 (compatible; FMSc/1.0)', ''],
  ['Larix Broadcaster 1.3', 'Larix Broadcaster 1.3'],
  ['my obs-output module (libobs version 31)', 'my obs-output module (libobs version 31)'],
  ['', ''],
])('calls %j %j', (raw, name) => {
  expect(encoderName(raw)).toBe(name);
});
