import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, KeyRound, Pencil, RotateCcw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { Webhook, WebhookAttempt } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Moment } from '../../ui/moment';
import { Notice } from '../../ui/notice';
import { Loaded } from '../../ui/query';
import { Switch } from '../../ui/switch';
import { exactTime } from '../../ui/time';
import { toast } from '../../ui/toasts';
import { DeliveryLog } from './delivery-log';
import { decisions, outcome } from './deliveries';
import { ReplayDialog } from './replay-dialog';
import { RotateDialog } from './rotate-dialog';
import { EditWebhook } from './webhook-dialog';
import { WebhookBadge } from './webhooks-page';

/** One webhook: how it does, and every delivery. */
export function WebhookDetails({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['webhooks', id], queryFn: () => api.get('/api/webhooks/{id}', { path: { id } }) });
  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <>
        <PageHead title="There is no such webhook" />
        <p>
          Somebody may have removed it. <Link href="/webhooks">All webhooks</Link>.
        </p>
      </>
    );
  }
  return (
    <Loaded query={query} height={480}>
      {webhook => <Details webhook={webhook} />}
    </Loaded>
  );
}

type Open = 'edit' | 'rotate' | 'replay' | 'remove' | null;

function Details({ webhook }: { webhook: Webhook }) {
  const { id, url } = webhook;
  const [open, setOpen] = useState<Open>(null);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ['webhooks'] });
  const test = useMutation({ mutationFn: () => api.post('/api/webhooks/{id}/test', { path: { id } }), onSettled: refresh });
  const enable = useMutation({ mutationFn: (enabled: boolean) => api.put('/api/webhooks/{id}', { path: { id }, body: { enabled } }), onSettled: refresh });
  const remove = async () => {
    await api.delete('/api/webhooks/{id}', { path: { id } });
    toast.good('The webhook was removed.');
    go('/webhooks');
    queries.removeQueries({ queryKey: ['webhooks', id] });
    await refresh();
  };
  const close = () => setOpen(null);
  return (
    <>
      <Link href="/webhooks" className="way-back">
        <ArrowLeft size={16} aria-hidden />
        All webhooks
      </Link>
      <PageHead title={url}>
        <Button look="primary" onClick={() => test.mutate()} isBusy={test.isPending}>
          <Send size={16} aria-hidden />
          Send a test
        </Button>
        <Button onClick={() => setOpen('edit')}>
          <Pencil size={16} aria-hidden />
          Change
        </Button>
        <Button onClick={() => setOpen('replay')}>
          <RotateCcw size={16} aria-hidden />
          Replay
        </Button>
        <Button onClick={() => setOpen('rotate')}>
          <KeyRound size={16} aria-hidden />
          New secret
        </Button>
        <Button className="button-bad" onClick={() => setOpen('remove')}>
          <Trash2 size={16} aria-hidden />
          Remove
        </Button>
      </PageHead>
      <div className="stack webhook-parts">
        {webhook.disabledAt !== null && (
          <Notice tone="bad">
            <p>
              <strong>The server switched this webhook off, {exactTime(webhook.disabledAt)}.</strong> {webhook.disabledReason}
            </p>
            <p>Switch it on again when the receiver is well, then send a replay of what it missed.</p>
          </Notice>
        )}
        {webhook.warnings.map(warning => (
          <Notice key={warning} tone="warn">
            {warning}
          </Notice>
        ))}
        {webhook.lost > 0 && <Notice tone="warn">{webhook.lost} deliveries were dropped since the server was started, because too many waited. A replay brings them.</Notice>}
        {test.data !== undefined && <TestOutcome ok={test.data.ok} attempt={test.data.attempt} />}
        <section className="card card-body" aria-label="State">
          <dl className="facts webhook-facts">
            <div>
              <dt>State</dt>
              <dd className="row">
                <Switch label="Send to this webhook" isOn={webhook.enabled} onChange={isOn => enable.mutate(isOn)} disabled={enable.isPending} />
                <WebhookBadge webhook={webhook} />
              </dd>
            </div>
            <div>
              <dt>Waiting</dt>
              <dd>{webhook.pending}</dd>
            </div>
            <div>
              <dt>Last success</dt>
              <dd>
                <Moment time={webhook.lastSuccessAt} />
              </dd>
            </div>
            <div>
              <dt>Secret</dt>
              <dd>
                <code>{webhook.secretHint}</code>
                {webhook.oldSecretsUntil !== null && <span className="soft small block">the old one signs too until {exactTime(webhook.oldSecretsUntil)}</span>}
              </dd>
            </div>
            <div>
              <dt>Channel</dt>
              <dd>{webhook.channelId ?? 'all'}</dd>
            </div>
            <div className="fact-wide">
              <dt>Gets</dt>
              <dd className="event-types">{webhook.events.length === 0 ? 'nothing' : webhook.events.map(type => <code key={type}>{type}</code>)}</dd>
            </div>
            {webhook.decides.length > 0 && (
              <div className="fact-wide">
                <dt>Decides</dt>
                <dd>
                  {decisions
                    .filter(({ value }) => webhook.decides.includes(value))
                    .map(({ label }) => label)
                    .join(', ')}
                  <span className="soft small block">
                    within {webhook.decisionTimeoutMs} ms; without an answer {webhook.onDecisionFailure === 'deny' ? 'nobody is let in' : 'everybody is let in'}
                  </span>
                  {webhook.lastDecision !== null && (
                    <span className="soft small block">
                      Last: {webhook.lastDecision.allowed ? 'allowed' : 'refused'} <Moment time={webhook.lastDecision.at} />
                      {webhook.lastDecision.error !== null ? ` (no decision: ${webhook.lastDecision.error})` : webhook.lastDecision.reason !== null && ` (${webhook.lastDecision.reason})`}
                    </span>
                  )}
                </dd>
              </div>
            )}
            {webhook.lastFailure !== null && (
              <div className="fact-wide">
                <dt>Last failure</dt>
                <dd>
                  {outcome(webhook.lastFailure)}{' '}
                  <span className="soft small">
                    <Moment time={webhook.lastFailure.at} />
                  </span>
                </dd>
              </div>
            )}
          </dl>
        </section>
        <DeliveryLog id={id} />
      </div>
      {open === 'edit' && <EditWebhook id={webhook.id} onClose={close} />}
      {open === 'rotate' && <RotateDialog id={id} onClose={close} />}
      {open === 'replay' && <ReplayDialog id={id} onClose={close} />}
      <Confirm isOpen={open === 'remove'} onOpenChange={close} title={`Remove the webhook ${url}?`} action="Remove webhook" onConfirm={remove}>
        {webhook.pending > 0 ? `${webhook.pending} deliveries that wait are given up. ` : ''}Its log and its secret are gone for good.
        {webhook.decides.length > 0 && ' What it decided is then allowed to everybody with a good key.'}
      </Confirm>
    </>
  );
}

function TestOutcome({ ok, attempt }: { ok: boolean; attempt: WebhookAttempt }) {
  return (
    <Notice tone={ok ? 'good' : 'bad'} isAlert>
      <p>
        <strong>{ok ? 'The receiver took the test.' : 'The test failed.'}</strong> {outcome(attempt)}
      </p>
      {attempt.response !== null && attempt.response !== '' && <pre className="body">{attempt.response}</pre>}
    </Notice>
  );
}
