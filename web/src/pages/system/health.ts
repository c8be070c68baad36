import { UnreachableError } from '../../api/problem';
import type { Health, Setting } from '../../api/types';

const names: Readonly<Record<string, string>> = {
  started: 'Started',
  loops: 'Inner loops run in time',
  lease: 'No other server has taken this database over',
  store: 'The store can be used',
  ports: 'The ports are open',
  ffmpeg: 'ffmpeg works',
  disk: 'There is room on the disk',
  programs: 'Programs run',
};

/** A health check for people. */
export const checkName = (name: string): string => names[name] ?? name;

/** The health route answers 503 with the same document when something is wrong: no error for whoever wants to read what it is. */
export async function readHealth(): Promise<Health> {
  let response: Response;
  try {
    response = await fetch('/health');
  } catch (cause) {
    throw new UnreachableError(cause);
  }
  return (await response.json()) as Health;
}

/** Was it saved through the API or the dashboard? */
export const isSaved = (source: string): boolean => source.startsWith('saved');

/** The settings whose name, value or source has all the words. */
export function matching(settings: readonly Setting[], words: string, isChangedOnly: boolean): Setting[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter(({ name, value, source }) => {
    const all = `${name} ${value ?? ''} ${source}`.toLowerCase();
    return (!isChangedOnly || source !== 'built in') && wanted.every(word => all.includes(word));
  });
}
