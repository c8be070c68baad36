import type { ChannelSettings } from '../../api/types';
import type { Values } from '../../editing/merge';

/** Settings that are numbers, with their names for people. */
export const numbers = [
  'rtmpTimeoutSeconds', 'checkIntervalSeconds', 'returnAfterSeconds', 'endAfterSeconds', 'width', 'height', 'fps', 'videoBitrateKbps', 'audioBitrateKbps',
] as const;

const words = ['start', 'onCrash', 'onStall', 'onCleanEnd', 'onFormatChange'] as const;

type Name = (typeof numbers)[number] | (typeof words)[number];

/** A channel's settings in a form. `fallback` is the file's name in the media library, "slate", or "configured" for a file that config.yml names. */
export type ChannelValues = Values & { readonly fallback: string } & Readonly<Record<Name, string>>;

export const labels: Readonly<Record<string, string>> = {
  start: 'Goes on air',
  fallback: 'Fallback',
  onCrash: 'Connection broke',
  onStall: 'Encoder went silent',
  onCleanEnd: 'Encoder ended in order',
  onFormatChange: 'Comes back in another format',
  rtmpTimeoutSeconds: 'Lost after silence of (s)',
  checkIntervalSeconds: 'Health is judged every (s)',
  returnAfterSeconds: 'Return when good for (s)',
  endAfterSeconds: 'End after fallback of (s)',
  width: 'Width',
  height: 'Height',
  fps: 'Frames per second',
  videoBitrateKbps: 'Video (kbit/s)',
  audioBitrateKbps: 'Audio (kbit/s)',
};

export const fieldNames: readonly string[] = [...[...numbers, ...words].map(name => `settings/${name}`), 'settings/fallbackMedia', 'settings/fallbackType'];

export function valuesOf(settings: ChannelSettings): ChannelValues {
  const entries = [...numbers, ...words].map(name => [name, String(settings[name])]);
  const fallback = settings.fallbackType === 'slate' ? 'slate' : (settings.fallbackMedia ?? 'configured');
  return { ...(Object.fromEntries(entries) as Record<Name, string>), fallback };
}

/** `settings` of a request. A text that is no number goes as it is, for the server to refuse beside its field. */
export function settingsOf(values: Partial<ChannelValues>, typeOf: (filename: string) => string | undefined): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of words) if (values[name] !== undefined) settings[name] = values[name];
  for (const name of numbers) {
    const text = values[name]?.trim();
    if (text === undefined) continue;
    const number = Number(text.replace(',', '.'));
    settings[name] = text === '' || !Number.isFinite(number) ? text : number;
  }
  const { fallback } = values;
  if (fallback === 'slate') settings['fallbackType'] = 'slate';
  else if (fallback !== undefined && fallback !== 'configured') {
    settings['fallbackType'] = typeOf(fallback) ?? 'image';
    settings['fallbackMedia'] = fallback;
  }
  return settings;
}
