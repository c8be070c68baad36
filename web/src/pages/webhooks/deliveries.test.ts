import { expect, it } from 'vitest';
import { deliveryState, joined, outcome, pretty, split, webhookState } from './deliveries';

const attempt = (error: string | null, at = '2026-01-31T12:00:00Z') => ({ at, durationMs: 35, status: error === null ? 204 : null, error, response: null });
const calm = { enabled: true, disabledAt: null, lastFailure: null, lastSuccessAt: null, lastDecision: null, pending: 0 };

it('keeps every event through the form', () => {
  const events = ['program.*', 'audit.*', 'destination.live'];
  const { chosen, others } = split(events);
  expect([chosen, others]).toEqual([['program.*'], 'audit.*, destination.live']);
  expect(joined(chosen, others)).toEqual(events);
  expect(joined(['program.*'], ' program.*,\nserver.started ')).toEqual(['program.*', 'server.started']);
});

it('says what came of an attempt', () => {
  expect(outcome(attempt(null))).toBe('204 in 35 ms');
  expect(outcome(attempt('The connection was refused.'))).toBe('The connection was refused.');
  expect(outcome({ ...attempt('The answer is no success.'), status: 500 })).toBe('500: The answer is no success.');
  expect(outcome({ ...attempt('The receiver answered with status 500.'), status: 500 })).toBe('The receiver answered with status 500.');
});

it.each([
  ['pending', 0, 'Waiting'],
  ['pending', 1, 'Will be retried'],
  ['delivered', 2, 'Delivered'],
  ['failed', 10, 'Failed'],
])('names a %s delivery after %i attempts', (state, count, words) =>
  expect(deliveryState({ state, attempts: Array.from({ length: count }, () => attempt('x')) }).words).toBe(words),
);

it('tells a webhook that the server switched off from one that somebody did', () => {
  expect(webhookState({ ...calm, enabled: false, disabledAt: '2026-01-31T12:00:00Z' }).words).toBe('Switched off by the server');
  expect(webhookState({ ...calm, enabled: false }).words).toBe('Off');
});

it('judges by what came last', () => {
  const failed = attempt('x', '2026-01-31T12:00:00Z');
  expect(webhookState({ ...calm, lastFailure: failed }).words).toBe('Failing');
  expect(webhookState({ ...calm, lastFailure: failed, lastSuccessAt: '2026-01-31T12:00:05Z' }).words).toBe('Working');
  expect(webhookState({ ...calm, lastFailure: failed, lastSuccessAt: '2026-01-31T11:00:05Z' }).words).toBe('Failing');
  expect(webhookState(calm).words).toBe('Nothing sent yet');
});

it('shows JSON in lines, and anything else as it is', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty('no json')).toBe('no json');
});
