import type { Tone } from '../../ui/badge';
import { encoderName } from '../../live/encoder-name';
import type { LiveEvent } from '../../live/frames';

export interface Entry {
  text: string;
  tone: Tone;
}

const switchReasons: Readonly<Record<string, string>> = {
  start: 'the broadcast began',
  crash: 'the connection of the source broke',
  stall: 'nothing came from the source',
  cleanEnd: 'the encoder stopped',
  // By itself or because somebody ended a held fallback: the entry of who did so stands beside it.
  return: 'the program returned to it',
  operator: 'somebody chose it',
  formatChange: 'the format changed',
};

const endReasons: Readonly<Record<string, string>> = {
  operator: 'somebody ended it',
  fallbackLimit: 'the fallback was on for the longest time that is set',
  sourceLost: 'the source was lost',
  shutdown: 'the server was stopped; it goes on at the next start',
};

const lossWays: Readonly<Record<string, string>> = { clean: 'it stopped', broken: 'the connection broke', kicked: 'it was cut off' };

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const shown = (id: unknown): string => (id === 'fallback' ? 'the fallback' : id === 'main' ? 'the main source' : id === 'backup' ? 'the backup source' : `source ${text(id)}`);

const because = (reasons: Readonly<Record<string, string>>, reason: unknown): string => {
  const words = reasons[text(reason)];
  return words === undefined ? '' : `: ${words}`;
};

/** The actor as people know it: "user:anna" → "anna". */
export const actorName = (actor: string | null): string | null => (actor === 'admin-token' ? 'the admin token' : (actor?.replace(/^(user|token):/, '') ?? null));

/** An event in words for the strip; null: not for people who run a show (connections, the server's own affairs). */
export function describe({ type, data, actor }: LiveEvent): Entry | null {
  const name = text(data['name']);
  const who = actorName(actor) ?? 'Somebody';
  switch (type) {
    case 'program.onAir':
      return { text: 'On air', tone: 'good' };
    case 'program.ended':
      return { text: `Off air${because(endReasons, data['reason'])}`, tone: 'off' };
    case 'program.switched':
      return { text: `Now ${shown(data['to'])}${because(switchReasons, data['reason'])}`, tone: data['to'] === 'fallback' ? 'warn' : 'good' };
    case 'program.formatChanged':
      return { text: `New format ${text(data['width'])}×${text(data['height'])}`, tone: 'calm' };
    case 'program.fallbackFailed':
      return { text: `The fallback could not be prepared: ${text(data['reason'])}`, tone: 'bad' };
    case 'source.connected': {
      const encoder = encoderName(text(data['encoder']));
      return { text: `${shown(data['source'])} connected${encoder === '' ? '' : ` (${encoder})`}`, tone: 'good' };
    }
    case 'source.lost':
      return { text: `${shown(data['source'])} lost${because(lossWays, data['how'])}`, tone: data['how'] === 'clean' ? 'calm' : 'bad' };
    case 'source.stalled':
      return { text: `Nothing comes from ${shown(data['source'])}`, tone: 'warn' };
    case 'source.returned':
      return { text: `${shown(data['source'])} is back`, tone: 'good' };
    case 'destination.live':
      return { text: `${name}: ${Number(data['connects']) > 1 ? 'connected again' : 'connected'}`, tone: 'good' };
    case 'destination.retrying':
      return { text: `${name}: ${text(data['reason'])}`, tone: 'bad' };
    case 'destination.failed':
      return { text: `${name}: given up. ${text(data['reason'])}`, tone: 'bad' };
    case 'destination.stalled':
      return { text: `${name}: ${text(data['reason'])}`, tone: 'warn' };
    case 'destination.recovered':
      return { text: `${name}: takes everything again`, tone: 'good' };
    case 'destination.disabled':
      return { text: `${name}: switched off`, tone: 'off' };
    case 'audit.channel.started':
      return { text: `${who} went on air`, tone: 'calm' };
    case 'audit.channel.stopped':
      return { text: `${who} ended the broadcast`, tone: 'calm' };
    case 'audit.channel.sourceSelected':
      return { text: data['select'] === 'auto' ? `${who} returned the program to its sources` : `${who} chose ${shown(data['select'])}`, tone: 'calm' };
    case 'audit.channel.drillBegun':
      return { text: `${who} began a drill: the source is cut off for ${text(data['seconds'])} s`, tone: 'calm' };
    case 'server.stopping':
      return { text: 'The server was stopped', tone: 'off' };
    case 'server.started':
      return { text: 'The server was started', tone: 'calm' };
    case 'server.journalGap':
      return { text: 'Some events were lost while the store was away', tone: 'warn' };
    default:
      return null;
  }
}

/** As the beginning of a line. Names of people and destinations stay as they are. */
export const sentence = (words: string): string => words.replace(/^(the|source) /, (_, first: string) => `${first.charAt(0).toUpperCase()}${first.slice(1)} `);
