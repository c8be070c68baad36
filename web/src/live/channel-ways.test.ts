import { expect, it } from 'vitest';
import { channelIn, drillWay, inChannelOrder, liveWay, wayOf } from './channel-ways';

it('leads to the pages of a channel, and back to it', () => {
  expect([liveWay('stage2'), drillWay('stage2')]).toEqual(['/live/stage2', '/drill/stage2']);
  for (const channel of ['main', 'stage2', 'a&b c']) expect(channelIn(new URL(wayOf('/start/destination', channel), 'http://localhost').search)).toBe(channel);
});

it('names no channel where the main one is meant', () => {
  expect([liveWay('main'), drillWay('main'), wayOf('/start', 'main')]).toEqual(['/', '/drill', '/start']);
  expect([channelIn(''), channelIn('?channel=')]).toEqual(['main', 'main']);
});

it('puts the main channel first', () => {
  expect(inChannelOrder(['zoo', 'main', 'aula'])).toEqual(['main', 'aula', 'zoo']);
});
