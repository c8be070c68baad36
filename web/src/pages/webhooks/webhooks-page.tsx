import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleDashed, CirclePause, Plus, ShieldQuestion, TriangleAlert, Unplug, Webhook as WebhookIcon } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { api } from '../../api/client';
import type { Webhook } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { Badge, type Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { Cell, Table } from '../../ui/table';
import { webhookState } from './deliveries';
import { WebhookDetails } from './webhook-details';
import { NewWebhook } from './webhook-dialog';
import './webhooks.css';

const icons = { good: CircleCheck, warn: TriangleAlert, bad: Unplug, calm: CircleDashed, off: CirclePause } as const satisfies Record<Tone, unknown>;

/** All webhooks, or one with its log. */
export default function WebhooksPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <List /> : <WebhookDetails key={id} id={id} />;
}

export function WebhookBadge({ webhook }: { webhook: Webhook }) {
  const { tone, words } = webhookState(webhook);
  return (
    <Badge tone={tone} icon={icons[tone]}>
      {words}
    </Badge>
  );
}

function List() {
  const query = useQuery({ queryKey: ['webhooks'], queryFn: () => api.get('/api/webhooks') });
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <PageHead title="Webhooks" lead="What happens here, sent to your own programs: signed, retried for a day, and with a log of every delivery.">
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus size={16} aria-hidden />
          Add webhook
        </Button>
      </PageHead>
      <section className="card">
        <Loaded query={query} height={240}>
          {webhooks =>
            webhooks.length === 0 ? (
              <Empty icon={WebhookIcon} title="No webhooks yet">
                A webhook tells a program of yours when the show begins, when the fallback takes over, when a destination fails. It can also decide who may publish.
              </Empty>
            ) : (
              <Table caption="Webhooks" columns={[{ title: 'Address' }, { title: 'Gets' }, { title: 'State' }, { title: 'Last success' }, { title: 'Waiting', isNumber: true }]}>
                {webhooks.map(webhook => (
                  <tr key={webhook.id}>
                    <Cell isMain>
                      <Link href={`/webhooks/${encodeURIComponent(webhook.id)}`}>{webhook.url}</Link>
                    </Cell>
                    <Cell label="Gets">
                      <span className="event-types">
                        {webhook.events.map(type => (
                          <code key={type}>{type}</code>
                        ))}
                        {webhook.decides.length > 0 && (
                          <Badge tone="calm" icon={ShieldQuestion}>
                            decides
                          </Badge>
                        )}
                      </span>
                    </Cell>
                    <Cell label="State">
                      <WebhookBadge webhook={webhook} />
                    </Cell>
                    <Cell label="Last success">
                      <Moment time={webhook.lastSuccessAt} />
                    </Cell>
                    <Cell label="Waiting" isNumber>
                      {webhook.pending}
                    </Cell>
                  </tr>
                ))}
              </Table>
            )
          }
        </Loaded>
      </section>
      {isAdding && <NewWebhook onClose={() => setAdding(false)} />}
    </>
  );
}
