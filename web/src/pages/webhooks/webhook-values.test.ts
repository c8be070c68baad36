import { expect, it } from 'vitest';
import { changes, clashes, rebased } from '../../editing/merge';
import { bodyOf, valuesOf } from './webhook-values';

const webhook = {
  url: 'https://a.example/hook',
  events: ['source.*', 'program.*', 'key.refused'],
  channelId: null,
  decides: ['connection.prePublish'],
  decisionTimeoutMs: 2_000,
  onDecisionFailure: 'deny' as const,
};
const base = valuesOf(webhook);

it('sends only what was changed', () => {
  const mine = { ...base, url: ' https://b.example/hook ' };
  expect(bodyOf(changes(base, mine), mine)).toEqual({ url: 'https://b.example/hook' });
  expect(bodyOf(changes(base, base), base)).toEqual({});
});

it('sends ticks and typed types together', () => {
  const mine = { ...base, others: 'key.refused, audit.*' };
  expect(bodyOf(changes(base, mine), mine)).toEqual({ events: ['program.*', 'source.*', 'key.refused', 'audit.*'] });
});

it('sees no change in another order', () => {
  expect(changes(base, valuesOf({ ...webhook, events: ['program.*', 'key.refused', 'source.*'] }))).toEqual({});
});

it('sends nothing of a decision that it does not make', () => {
  const mine = { ...base, decides: '', decisionTimeoutMs: '5000', onDecisionFailure: 'allow' };
  expect(bodyOf(changes(base, mine), mine)).toEqual({ decides: [] });
});

it('keeps what somebody else has changed meanwhile', () => {
  const mine = { ...base, url: 'https://b.example/hook' };
  const theirs = valuesOf({ ...webhook, events: ['*'] });
  expect(clashes(base, mine, theirs)).toEqual([]);
  const both = rebased(base, mine, theirs);
  expect(bodyOf(changes(theirs, both), both)).toEqual({ url: 'https://b.example/hook' });
});
