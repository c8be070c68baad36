import type { Key } from '../../api/types';
import { linesOf } from '../../ui/lines-field';
import { localTime } from '../../ui/time';

/** As many as the server takes. */
export const mostAddresses = 16;

/** As the API calls an end that never comes. */
export const never = 'never';

/** A key's fields as texts; `expiresAt` is "never" or a day and time of the browser's own clock, `kick` empty or not. */
export type KeyValues = Readonly<Record<'name' | 'expiresAt' | 'allowedAddresses' | 'alias' | 'kick', string>>;

export const valuesOf = (key: Pick<Key, 'name' | 'expiresAt' | 'allowedAddresses' | 'alias'>): KeyValues => ({
  name: key.name,
  expiresAt: key.expiresAt === null ? never : localTime(Date.parse(key.expiresAt)),
  allowedAddresses: key.allowedAddresses.join('\n'),
  alias: key.alias ?? '',
  kick: '',
});

/** The change to send: empty takes alias and addresses away. */
export function bodyOf({ name, expiresAt, allowedAddresses, alias, kick }: Partial<KeyValues>) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(expiresAt === undefined ? {} : { expiresAt: timeOf(expiresAt) }),
    ...(allowedAddresses === undefined ? {} : { allowedAddresses: linesOf(allowedAddresses) }),
    ...(alias === undefined ? {} : { alias: alias.trim() }),
    ...(kick === undefined ? {} : { kick: kick !== '' }),
  };
}

/** What is no time goes to the server as it is, which says so beside the field. */
export function timeOf(text: string): string {
  const time = new Date(text);
  return text === never || Number.isNaN(time.getTime()) ? text : time.toISOString();
}
