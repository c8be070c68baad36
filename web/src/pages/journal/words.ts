import type { LiveEvent } from '../../live/frames';
import type { Tone } from '../../ui/badge';
import { actorName, describe, sentence, type Entry } from '../live/journal';

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

type Words = readonly [words: string, tone: Tone];

// {name} is a field of the event's data. What the live page tells people who run a show is in its own list.
const others: Readonly<Record<string, Words>> = {
  'connection.preConnect': ['{remoteAddress} wants to connect ({protocol})', 'off'],
  'connection.postConnect': ['{remoteAddress} connected ({protocol})', 'off'],
  'connection.doneConnect': ['{remoteAddress} is gone', 'off'],
  'connection.prePublish': ['{remoteAddress} wants to publish {streamPath}', 'off'],
  'connection.postPublish': ['{remoteAddress} publishes {streamPath}', 'calm'],
  'connection.donePublish': ['{remoteAddress} publishes {streamPath} no more', 'calm'],
  'connection.prePlay': ['{remoteAddress} wants to play {streamPath}', 'off'],
  'connection.postPlay': ['{remoteAddress} plays {streamPath}', 'off'],
  'connection.donePlay': ['{remoteAddress} plays {streamPath} no more', 'off'],
  'program.fallbackPrepared': ['The fallback is prepared ({content})', 'calm'],
  'destination.connecting': ['{name}: connecting', 'calm'],
  'server.configurationChanged': ['config.yml was changed and holds', 'good'],
  'server.configurationRefused': ['config.yml was changed and refused', 'bad'],
  'server.storeDamaged': ['A {kind} in the store cannot be read', 'warn'],
  'key.refused': ['{remoteAddress} came with a key that does not count: {reason}', 'warn'],
  'key.addressBanned': ['{remoteAddress} tried too many wrong keys and is shut out for a while', 'warn'],
  'webhook.disabled': ['The webhook to {host} was switched off: {reason}', 'bad'],
  'webhook.lost': ['{count} deliveries of a webhook were dropped', 'warn'],
  'media.added': ['{title} was added to the media library', 'good'],
  'media.rejected': ['{title} was refused: {reason}', 'bad'],
  'media.removed': ['{title} was removed from the media library', 'calm'],
  'audit.login.failed': ['A login failed', 'warn'],
  'audit.setup.completed': ['The server was set up', 'good'],
  'audit.session.created': ['{actor} logged in', 'calm'],
  'audit.session.ended': ['{actor} ended a session', 'calm'],
  'audit.user.linkMade': ['{actor} made a link by which {name} sets a password', 'calm'],
  'audit.user.linkUsed': ['{name} set a password by a link', 'calm'],
  'audit.stream.kicked': ['{actor} closed a connection', 'warn'],
  'audit.key.signaturesRotated': ['{actor} made all signed addresses invalid', 'warn'],
  'audit.webhook.secretRotated': ['{actor} made a new secret for the webhook to {host}', 'calm'],
  'audit.webhook.replayed': ['{actor} replayed events to the webhook to {host}', 'calm'],
};

const verbs: Readonly<Record<string, string>> = {
  created: 'added',
  changed: 'changed',
  updated: 'changed',
  removed: 'removed',
  deleted: 'removed',
  revealed: 'looked at',
  rotated: 'rotated',
  revoked: 'revoked',
  signed: 'signed an address with',
  chosen: 'chose',
};

/** An event in words; one that this version does not know is told by its type. */
export function describeAny(event: LiveEvent): Entry {
  const known = describe(event);
  if (known !== null) return { ...known, text: sentence(known.text) };
  const { type, data, actor } = event;
  const who = actorName(actor) ?? 'Somebody';
  const words = others[type];
  if (words !== undefined) return { text: sentence(words[0].replace(/\{(\w+)\}/g, (_, name: string) => (name === 'actor' ? who : text(data[name]) || 'something'))), tone: words[1] };
  // audit.destination.updated: "anna changed the destination Twitch"
  const [family, thing, action] = type.split('.');
  const verb = action === undefined ? undefined : verbs[action];
  const which = text(data['name']) || (text(data['host']) && `to ${text(data['host'])}`);
  if (family === 'audit' && thing !== undefined && verb !== undefined) return { text: sentence(`${who} ${verb} the ${thing} ${which}`.trim()), tone: 'calm' };
  return { text: type, tone: 'off' };
}
