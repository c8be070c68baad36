import { expect, it } from 'vitest';
import type { LiveEvent } from '../../live/frames';
import { describe, sentence } from './journal';

const event = (type: string, data: LiveEvent['data'], actor: string | null = null): LiveEvent => ({ id: 'x', type, time: '2026-01-01T00:00:00Z', channel: 'main', actor, data });

it('says what happened and why', () => {
  expect(describe(event('program.switched', { from: 'main', to: 'fallback', reason: 'crash' }))).toEqual({ text: 'Now the fallback: the connection of the source broke', tone: 'warn' });
  expect(describe(event('destination.live', { name: 'Twitch', connects: 2 }))?.text).toBe('Twitch: connected again');
  expect(describe(event('program.switched', { from: 'fallback', to: 'main', reason: 'return' }))?.text).toBe('Now the main source: the program returned to it');
  expect(describe(event('audit.channel.stopped', {}, 'user:anna'))?.text).toBe('anna ended the broadcast');
  expect(sentence(describe(event('source.lost', { source: 'main', how: 'broken' }))?.text ?? '')).toBe('The main source lost: the connection broke');
  expect(sentence('anna went on air')).toBe('anna went on air');
});

it('leaves out a reason that it does not know, and what is not for people', () => {
  expect(describe(event('program.ended', { reason: 'later' }))?.text).toBe('Off air');
  expect(describe(event('connection.preConnect', {}))).toBeNull();
});
