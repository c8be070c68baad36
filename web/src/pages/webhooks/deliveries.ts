import type { Webhook, WebhookAttempt, WebhookDelivery } from '../../api/types';
import type { Tone } from '../../ui/badge';

/** What people choose among when they say what a webhook gets; anything else is typed. */
export const families: readonly { value: string; label: string; hint: string }[] = [
  { value: 'program.*', label: 'Programs', hint: 'On air, ended, switched to the fallback and back' },
  { value: 'source.*', label: 'Sources', hint: 'An encoder connected, was lost, fell silent, returned' },
  { value: 'destination.*', label: 'Destinations', hint: 'Live, retrying, stalled, given up' },
  { value: 'connection.*', label: 'Connections', hint: 'Everyone who connects, publishes, plays' },
  { value: 'media.*', label: 'Media', hint: 'Files added, refused, removed' },
  { value: 'key.*', label: 'Keys', hint: 'Refused keys, banned addresses' },
  { value: 'server.*', label: 'The server', hint: 'Started, stopping, configuration changed' },
];

export const decisions: readonly { value: string; label: string }[] = [
  { value: 'connection.preConnect', label: 'Who may connect' },
  { value: 'connection.prePublish', label: 'Who may publish' },
  { value: 'connection.prePlay', label: 'Who may play' },
];

/** Types typed with commas, spaces or line ends between them. */
export const typed = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

/** The events of a webhook as the form has them: what has a tick, and the rest as text. */
export function split(events: readonly string[]): { chosen: string[]; others: string } {
  const known = new Set(families.map(({ value }) => value));
  return { chosen: events.filter(event => known.has(event)), others: events.filter(event => !known.has(event)).join(', ') };
}

/** Back to what the API takes; each once. */
export const joined = (chosen: readonly string[], others: string): string[] => [...new Set([...chosen, ...typed(others)])];

/** What came of an attempt: "200 in 35 ms", "The connection was refused." */
export function outcome({ status, error, durationMs }: Pick<WebhookAttempt, 'status' | 'error' | 'durationMs'>): string {
  if (error === null) return `${status ?? ''} in ${durationMs} ms`.trim();
  return status === null || error.includes(String(status)) ? error : `${status}: ${error}`;
}

export interface State {
  tone: Tone;
  words: string;
}

/** Is a delivery under way, done, or given up? */
export function deliveryState({ state, attempts }: Pick<WebhookDelivery, 'state' | 'attempts'>): State {
  if (state === 'delivered') return { tone: 'good', words: 'Delivered' };
  if (state === 'failed') return { tone: 'bad', words: 'Failed' };
  return attempts.length === 0 ? { tone: 'calm', words: 'Waiting' } : { tone: 'warn', words: 'Will be retried' };
}

/** How a webhook does. The server switching it off is worse than somebody having done it. */
export function webhookState(webhook: Pick<Webhook, 'enabled' | 'disabledAt' | 'lastFailure' | 'lastSuccessAt' | 'lastDecision' | 'pending'>): State {
  if (webhook.disabledAt !== null) return { tone: 'bad', words: 'Switched off by the server' };
  if (!webhook.enabled) return { tone: 'off', words: 'Off' };
  const { lastFailure, lastSuccessAt, lastDecision } = webhook;
  const failed = lastFailure !== null && (lastSuccessAt === null || Date.parse(lastFailure.at) > Date.parse(lastSuccessAt));
  if (failed || lastDecision?.error != null) return { tone: 'warn', words: 'Failing' };
  if (lastSuccessAt === null && lastDecision === null) return { tone: 'calm', words: 'Nothing sent yet' };
  return { tone: 'good', words: 'Working' };
}

/** JSON as people read it; what is none stays as it is. */
export function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
