import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import { Checks, SelectField } from '../../ui/choice';
import { Field, type FormState } from '../../ui/form';
import { decisions, families } from './deliveries';
import { ticks, type WebhookValues } from './webhook-values';

export const fields = ['url', 'events', 'channelId', 'decides', 'decisionTimeoutMs', 'onDecisionFailure'] as const;

export interface WebhookFieldsProps {
  values: WebhookValues;
  set: (name: keyof WebhookValues) => (value: string) => void;
  state: FormState;
}

/** What can be said of a webhook, new or not. */
export function WebhookFields({ values, set, state }: WebhookFieldsProps) {
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  return (
    <>
      <Field label="Address" name="url" type="url" value={values.url} onChange={set('url')} state={state} placeholder="https://example.com/hooks/stream" maxLength={2_048} autoComplete="off" required />
      <Checks label="It gets" name="events" values={ticks.of(values.events)} onChange={chosen => set('events')(ticks.text(chosen))} options={families} state={state} />
      <Field
        label="More types of events"
        name="others"
        value={values.others}
        onChange={set('others')}
        state={state}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        hint={
          <>
            With commas between them: <code>program.onAir</code>, <code>destination.*</code>, <code>*</code> for everything.
          </>
        }
      />
      <SelectField
        label="Channel"
        name="channelId"
        value={values.channelId}
        onChange={set('channelId')}
        options={[{ value: '', label: 'All channels' }, ...(channels.data ?? []).map(({ id }) => ({ value: id, label: id }))]}
        state={state}
      />
      <Checks
        label="It decides"
        name="decides"
        values={ticks.of(values.decides)}
        onChange={chosen => set('decides')(ticks.text(chosen))}
        options={decisions}
        state={state}
        hint="It is asked before somebody is let in, and its answer counts. Leave empty for a webhook that is only told."
      />
      {values.decides !== '' && (
        <div className="field-pair">
          <Field
            label="Wait at most (ms)"
            name="decisionTimeoutMs"
            value={values.decisionTimeoutMs}
            onChange={set('decisionTimeoutMs')}
            state={state}
            type="number"
            min={100}
            max={5_000}
            step={100}
            inputMode="numeric"
            hint="100 to 5000"
          />
          <SelectField
            label="Without an answer"
            name="onDecisionFailure"
            value={values.onDecisionFailure}
            onChange={set('onDecisionFailure')}
            options={[
              { value: 'deny', label: 'Nobody is let in' },
              { value: 'allow', label: 'Everybody is let in' },
            ]}
            state={state}
            hint="An encoder tries again by itself; what was let in wrongly has been on air."
          />
        </div>
      )}
    </>
  );
}
