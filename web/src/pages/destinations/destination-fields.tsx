import type { Destination } from '../../api/types';
import type { useForm } from '../../ui/form';
import { Field } from '../../ui/form';
import { LinesField } from '../../ui/lines-field';
import { SelectField } from '../../ui/choice';
import { fineSettings, type DestinationValues } from './values';

export interface DestinationFieldsProps {
  values: DestinationValues;
  set: (name: keyof DestinationValues) => (value: string) => void;
  state: ReturnType<typeof useForm>;
  channels: readonly string[];
  /** What is kept now; undefined: it is new. */
  kept?: Destination;
  urlExample?: string | undefined;
}

/** What a destination has, for a new one and for one that is there. */
export function DestinationFields({ values, set, state, channels, kept, urlExample }: DestinationFieldsProps) {
  // Of one that config.yml names, only key and switch can be changed here.
  const isFixed = kept?.origin === 'configuration';
  const keyHint =
    kept === undefined ? (
      'Kept sealed on this server, and never shown again.'
    ) : kept.streamKeyHint === '' ? (
      'None is kept: the address has it. It is never shown.'
    ) : kept.streamKeyHint === '…' ? (
      'One is kept. It is never shown; what you enter here replaces it.'
    ) : (
      <>
        One is kept
        {kept.streamKeyHint !== '…' && (
          <>
            {' '}
            that ends with <code>{kept.streamKeyHint}</code>
          </>
        )}
        . It is never shown; what you enter here replaces it.
      </>
    );
  // An error in what is folded away must be seen.
  const hasFineError = Object.keys(state.errors).some(name => name.startsWith('settings/'));
  return (
    <>
      <Field label="Name" name="name" value={values.name} onChange={set('name')} state={state} maxLength={100} disabled={isFixed} hint="As you call it here; nobody else sees it." />
      <Field
        label="Server"
        name="url"
        value={values.url}
        onChange={set('url')}
        state={state}
        inputMode="url"
        spellCheck={false}
        disabled={isFixed}
        placeholder={urlExample ?? 'rtmp://live.example.net/app'}
        hint="rtmp:// or rtmps://, without the stream key."
      />
      <Field
        label={kept === undefined ? 'Stream key' : 'New stream key'}
        name="streamKey"
        type="password"
        value={values.streamKey}
        onChange={set('streamKey')}
        state={state}
        autoComplete="off"
        placeholder={kept === undefined ? '' : 'Empty: stays as it is'}
        hint={keyHint}
      />
      <Field
        label="Watch page"
        name="playbackUrl"
        value={values.playbackUrl}
        onChange={set('playbackUrl')}
        state={state}
        inputMode="url"
        spellCheck={false}
        autoComplete="off"
        disabled={isFixed}
        placeholder="https://twitch.tv/you"
        hint="Where viewers see it. May stay empty: it only makes the link “Watch”."
      />
      {channels.length > 1 && (
        <SelectField
          label="Channel"
          name="channelId"
          value={values.channelId}
          onChange={set('channelId')}
          state={state}
          disabled={kept !== undefined}
          options={channels.map(id => ({ value: id, label: id }))}
          hint={kept === undefined ? 'Whose program goes there.' : 'Stays: add the destination to the other channel instead.'}
        />
      )}
      <details className="more" {...(hasFineError ? { open: true } : {})}>
        <summary>Fine settings</summary>
        <div className="stack">
          <div className="field-columns">
            {fineSettings.map(({ name, label, builtIn, hint }) => (
              <Field
                key={name}
                label={label}
                name={`settings/${name}`}
                value={values[name]}
                onChange={set(name)}
                state={state}
                inputMode="decimal"
                disabled={isFixed}
                placeholder={String(builtIn)}
                hint={hint}
              />
            ))}
          </div>
          <label className="check">
            <input
              type="checkbox"
              checked={values.allowUntrustedCertificate === 'true'}
              disabled={isFixed}
              onChange={event => set('allowUntrustedCertificate')(event.target.checked ? 'true' : '')}
            />
            <span>
              Accept any certificate
              <span className="field-hint">For an rtmps:// server of your own. Anybody in between could read the stream and its key.</span>
            </span>
          </label>
          <LinesField
            label="Authority to trust (PEM)"
            name="settings/trustedAuthority"
            value={values.trustedAuthority}
            onChange={set('trustedAuthority')}
            state={state}
            disabled={isFixed}
            hint="Besides those of the system: better than accepting any certificate."
          />
        </div>
      </details>
    </>
  );
}
