import type { Permission, Session, User } from '../../api/types';

const isOwnerInside = (user: User) => user.role === 'owner' && user.enabled && user.hasPassword;

/** An owner who can log in must remain: this one is the last. */
export function isLastOwner(user: User, users: readonly User[]): boolean {
  return isOwnerInside(user) && !users.some(other => other.id !== user.id && isOwnerInside(other));
}

/** What the roles may do, in words. */
export const roles = [
  { value: 'viewer', label: 'Viewer', hint: 'Sees status, previews and lists.' },
  { value: 'operator', label: 'Operator', hint: 'Also runs shows, and changes destinations, keys and media.' },
  { value: 'owner', label: 'Owner', hint: 'May do everything, users too.' },
] as const;

export const scopes: readonly { value: Permission; label: string; hint: string }[] = [
  { value: 'view', label: 'View', hint: 'Status, previews, lists. Never secrets.' },
  { value: 'operate', label: 'Operate', hint: 'Start, stop, choose sources, switch destinations on and off.' },
  { value: 'manage', label: 'Manage', hint: 'Change destinations, channels, keys, media, webhooks.' },
  { value: 'administer', label: 'Administer', hint: 'Users, and everybody’s tokens.' },
];

const dayMs = 86_400_000;

/** How long a token is good. */
export const terms = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: 'until', label: 'Until a day of your choice' },
  { value: 'never', label: 'Without an end' },
] as const;

/** When a token ends whose term was chosen `now` (milliseconds); null: never. `until`: a day as date fields give it; the token is good to its end, in the reader's time. */
export function endOf(term: string, until: string, now: number): string | null {
  if (term === 'never') return null;
  if (term !== 'until') return new Date(now + Number(term) * dayMs).toISOString();
  const end = new Date(`${until}T23:59:59`);
  return Number.isNaN(end.getTime()) ? '' : end.toISOString();
}

const browsers: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /\bEdg\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\bFirefox\//],
  ['Chrome', /\b(Headless)?Chrom(e|ium)\//],
  ['Safari', /\bSafari\//],
];

const systems: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Android', /\bAndroid\b/],
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/** "Firefox on Linux"; what is no browser is shown as it called itself. */
export function clientName({ client }: Pick<Session, 'client'>): string {
  const browser = browsers.find(([, sign]) => sign.test(client))?.[0];
  const system = systems.find(([, sign]) => sign.test(client))?.[0];
  if (browser === undefined) return client === '' ? 'Unknown program' : client;
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** No letters and digits that look alike: the password may be read out over the phone. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Four groups of five out of 32: 100 bits. `random` gives so many bytes. */
export function makePassword(random: (count: number) => Uint8Array = count => crypto.getRandomValues(new Uint8Array(count))): string {
  const letters = Array.from(random(20), byte => alphabet.charAt(byte % alphabet.length));
  return [0, 5, 10, 15].map(start => letters.slice(start, start + 5).join('')).join('-');
}
