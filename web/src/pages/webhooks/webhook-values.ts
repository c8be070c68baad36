import type { Webhook } from '../../api/types';
import { joined, split } from './deliveries';

/** A webhook's fields as texts; `events` and `decides` are the types that have a tick, with commas between. */
export type WebhookValues = Readonly<Record<'url' | 'events' | 'others' | 'channelId' | 'decides' | 'decisionTimeoutMs' | 'onDecisionFailure', string>>;

const listOf = (text: string): string[] => text.split(',').filter(Boolean);

/** In the order of the alphabet: another order is no change. */
const textOf = (values: readonly string[]): string => [...values].sort().join(',');

export const ticks = { of: listOf, text: textOf };

type Shown = Pick<Webhook, 'url' | 'events' | 'channelId' | 'decides' | 'decisionTimeoutMs' | 'onDecisionFailure'>;

export function valuesOf({ url, events, channelId, decides, decisionTimeoutMs, onDecisionFailure }: Shown): WebhookValues {
  const { chosen, others } = split(events);
  return {
    url,
    events: textOf(chosen),
    others,
    channelId: channelId ?? '',
    decides: textOf(decides),
    decisionTimeoutMs: String(decisionTimeoutMs),
    onDecisionFailure,
  };
}

/** What to send of `values` where only `changed` differs from what is there. Ticks and typed types are one field of the API: both go when one has changed. */
export function bodyOf(changed: Partial<WebhookValues>, values: WebhookValues) {
  const isDeciding = values.decides !== '';
  return {
    ...(changed.url === undefined ? {} : { url: changed.url.trim() }),
    ...(changed.events === undefined && changed.others === undefined ? {} : { events: joined(listOf(values.events), values.others) }),
    ...(changed.channelId === undefined ? {} : { channelId: changed.channelId }),
    ...(changed.decides === undefined ? {} : { decides: listOf(changed.decides) }),
    // Without decisions these two are not on the page.
    ...(changed.decisionTimeoutMs === undefined || !isDeciding ? {} : { decisionTimeoutMs: Number(changed.decisionTimeoutMs) }),
    ...(changed.onDecisionFailure === undefined || !isDeciding ? {} : { onDecisionFailure: changed.onDecisionFailure }),
  };
}
