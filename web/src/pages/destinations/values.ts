import type { Destination } from '../../api/types';
import type { Values } from '../../editing/merge';

type Settings = Destination['settings'];

/** The fine settings that are numbers: as in the API, with their names for people and the built-in values. */
export const fineSettings = [
  { name: 'queueLimitMs', label: 'Queue limit (ms)', builtIn: 5000, hint: 'What may wait for a slow server; beyond it, everything up to the next keyframe is dropped.' },
  { name: 'retryInitialSeconds', label: 'First wait before a reconnect (s)', builtIn: 1, hint: 'It doubles with each failure.' },
  { name: 'retryMaximumSeconds', label: 'Longest wait (s)', builtIn: 30, hint: 'Between two attempts.' },
  { name: 'retryLimit', label: 'Give up after failures', builtIn: 0, hint: '0: never.' },
  { name: 'stallAfterSeconds', label: 'Stalled after (s)', builtIn: 5, hint: 'Nothing acknowledged for so long.' },
  { name: 'reconnectWhenStalledSeconds', label: 'Reconnect when stalled for (s)', builtIn: 30, hint: 'Then the connection is made anew.' },
] as const;

type FineName = (typeof fineSettings)[number]['name'];

/** A destination in a form. The stream key is never read: empty means that it stays. */
export type DestinationValues = Values & {
  readonly name: string;
  readonly platform: string;
  readonly url: string;
  readonly streamKey: string;
  readonly playbackUrl: string;
  readonly channelId: string;
  readonly allowUntrustedCertificate: string;
  readonly trustedAuthority: string;
} & Readonly<Record<FineName, string>>;

const text = (value: number | string | null | undefined) => (value === null || value === undefined ? '' : String(value));

export function valuesOf(destination: Pick<Destination, 'name' | 'platform' | 'url' | 'playbackUrl' | 'channelId' | 'settings'>): DestinationValues {
  const { settings } = destination;
  const fine = Object.fromEntries(fineSettings.map(({ name }) => [name, text(settings[name])])) as Record<FineName, string>;
  return {
    name: destination.name,
    platform: destination.platform,
    url: destination.url,
    streamKey: '',
    playbackUrl: destination.playbackUrl,
    channelId: destination.channelId,
    allowUntrustedCertificate: settings.allowUntrustedCertificate === true ? 'true' : '',
    trustedAuthority: text(settings.trustedAuthority),
    ...fine,
  };
}

/** Where the server puts an error, made the name of a field: the values of `settings` have no folder in the form. */
export const fieldNames: readonly string[] = [
  'name', 'platform', 'url', 'streamKey', 'playbackUrl', 'channelId', 'settings/allowUntrustedCertificate', 'settings/trustedAuthority', ...fineSettings.map(({ name }) => `settings/${name}`),
];

/** What is sent: empty numbers are not, and so keep what holds. A text that is no number goes as it is, for the server to refuse beside its field. */
export function bodyOf(values: Partial<DestinationValues>) {
  const settings: Record<string, unknown> = {};
  for (const { name } of fineSettings) {
    const value = values[name]?.trim();
    if (value === undefined || value === '') continue;
    const number = Number(value.replace(',', '.'));
    settings[name] = Number.isFinite(number) ? number : value;
  }
  if (values.allowUntrustedCertificate !== undefined) settings['allowUntrustedCertificate'] = values.allowUntrustedCertificate === 'true';
  if (values.trustedAuthority !== undefined && values.trustedAuthority.trim() !== '') settings['trustedAuthority'] = values.trustedAuthority;
  const { name, platform, url, streamKey, playbackUrl, channelId } = values;
  return {
    ...(name === undefined ? {} : { name }),
    ...(platform === undefined ? {} : { platform }),
    ...(url === undefined ? {} : { url: url.trim() }),
    ...(streamKey === undefined || streamKey === '' ? {} : { streamKey: streamKey.trim() }),
    ...(playbackUrl === undefined ? {} : { playbackUrl: playbackUrl.trim() }),
    ...(channelId === undefined ? {} : { channelId }),
    ...(Object.keys(settings).length === 0 ? {} : { settings: settings as Settings }),
  };
}
