import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronDown, CircleCheck, CircleDashed, CircleX, Inbox, RefreshCw, Send } from 'lucide-react';
import { useId, useState } from 'react';
import { api } from '../../api/client';
import type { WebhookDelivery } from '../../api/types';
import { Badge, type Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Moment } from '../../ui/moment';
import { Loaded } from '../../ui/query';
import { exactTime } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { deliveryState, outcome, pretty } from './deliveries';

const icons: Readonly<Record<Tone, typeof CircleCheck>> = { good: CircleCheck, bad: CircleX, warn: RefreshCw, calm: CircleDashed, off: CircleDashed };

const filters = [
  { value: '', label: 'All' },
  { value: 'pending', label: 'Waiting' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'failed', label: 'Failed' },
] as const;

/** As many as the server keeps of those that are over. */
const mostShown = 200;

/** Every delivery of the last days with what was sent and what came back. */
export function DeliveryLog({ id }: { id: string }) {
  const [state, setState] = useState('');
  const query = useQuery({
    queryKey: ['webhooks', id, 'deliveries', state],
    queryFn: () => api.get('/api/webhooks/{id}/deliveries', { path: { id }, query: { limit: mostShown, ...(state === '' ? {} : { state }) } }),
    placeholderData: before => before,
  });
  return (
    <section className="card" aria-labelledby="deliveries">
      <div className="card-head">
        <h2 id="deliveries">Deliveries</h2>
        <div className="row">
          <select className="input filter" aria-label="Deliveries that are shown" value={state} onChange={event => setState(event.target.value)}>
            {filters.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Loaded query={query}>
        {deliveries =>
          deliveries.length === 0 ? (
            <Empty icon={Inbox} title="No deliveries">
              {state === '' ? 'What is sent from now on is here for seven days. Tests are not in this log; their outcome is shown at once.' : 'None of this kind.'}
            </Empty>
          ) : (
            <ul className="deliveries">
              {deliveries.map(delivery => (
                <Delivery key={delivery.id} webhookId={id} delivery={delivery} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Delivery({ webhookId, delivery }: { webhookId: string; delivery: WebhookDelivery }) {
  const [isOpen, setOpen] = useState(false);
  const panel = useId();
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => api.post('/api/webhooks/{id}/deliveries/{deliveryId}/redeliver', { path: { id: webhookId, deliveryId: delivery.id } }),
    onSuccess: () => toast.good(`${delivery.type} is sent once more.`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['webhooks', webhookId] }),
  });
  const { tone, words } = deliveryState(delivery);
  const last = delivery.attempts.at(-1);
  return (
    <li>
      <button type="button" className="delivery" aria-expanded={isOpen} aria-controls={panel} onClick={() => setOpen(!isOpen)}>
        <Badge tone={tone} icon={icons[tone]}>
          {words}
        </Badge>
        <code className="delivery-type">{delivery.type}</code>
        <span className="delivery-outcome soft small">{last === undefined ? '' : outcome(last)}</span>
        <span className="delivery-when soft small">
          <Moment time={delivery.createdAt} />
        </span>
        <ChevronDown size={16} aria-hidden className={isOpen ? 'chevron is-open' : 'chevron'} />
      </button>
      {isOpen && (
        <div className="delivery-panel stack" id={panel}>
          <dl className="facts">
            <div>
              <dt>Event</dt>
              <dd>
                <code>{delivery.eventId}</code>
              </dd>
            </div>
            <div>
              <dt>Queued</dt>
              <dd>{exactTime(delivery.createdAt)}</dd>
            </div>
            {delivery.nextAttemptAt !== null && (
              <div>
                <dt>Next attempt</dt>
                <dd>{exactTime(delivery.nextAttemptAt)}</dd>
              </div>
            )}
            {delivery.endedBy !== null && (
              <div>
                <dt>Given up</dt>
                <dd>{delivery.endedBy}</dd>
              </div>
            )}
          </dl>
          <div>
            <h3>Sent</h3>
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what can be scrolled must be reached by keyboard */}
            <pre className="body" tabIndex={0}>
              {pretty(delivery.body)}
            </pre>
          </div>
          <div>
            <h3>{delivery.attempts.length === 1 ? 'One attempt' : `${delivery.attempts.length} attempts`}</h3>
            <ol className="attempts">
              {delivery.attempts.map(attempt => (
                <li key={attempt.at}>
                  <span className="numbers">{exactTime(attempt.at)}</span>
                  <span>{outcome(attempt)}</span>
                  {attempt.response !== null && attempt.response !== '' && <pre className="body">{attempt.response}</pre>}
                </li>
              ))}
            </ol>
          </div>
          <div>
            <Button isSmall onClick={() => again.mutate()} isBusy={again.isPending}>
              <Send size={14} aria-hidden />
              Deliver again
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}
