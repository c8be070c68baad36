import { CircleAlert } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import type { FormState } from './form';

function Wrong({ id, message }: { id: string; message: string }) {
  return (
    <p id={id} className="field-error">
      <CircleAlert size={14} aria-hidden />
      <span>{`${message.charAt(0).toUpperCase()}${message.slice(1)}`}</span>
    </p>
  );
}

export interface SelectFieldProps {
  label: string;
  /** As in the API. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; label: string }[];
  state: FormState;
  hint?: ReactNode;
  disabled?: boolean;
}

/** One of a few, with label, hint and what the server found wrong with it. */
export function SelectField({ label, name, value, onChange, options, state, hint, disabled = false }: SelectFieldProps) {
  const id = useId();
  const error = state.errors[name];
  const described = [hint !== undefined ? `${id}-hint` : '', error !== undefined ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        name={name}
        value={value}
        onChange={event => onChange(event.target.value)}
        disabled={disabled}
        aria-invalid={error !== undefined}
        aria-describedby={described || undefined}
      >
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {error !== undefined && <Wrong id={`${id}-error`} message={error} />}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export interface ChecksProps {
  label: string;
  /** As in the API. */
  name: string;
  values: readonly string[];
  onChange: (values: readonly string[]) => void;
  options: readonly { value: string; label: string; hint?: string; disabled?: boolean }[];
  state: FormState;
  hint?: ReactNode;
}

/** Any of a few, each with a tick and a line of explanation. */
export function Checks({ label, name, values, onChange, options, state, hint }: ChecksProps) {
  const id = useId();
  const error = state.errors[name];
  const toggle = (value: string) => onChange(options.map(option => option.value).filter(known => (known === value ? !values.includes(value) : values.includes(known))));
  return (
    <fieldset className="field checks" aria-describedby={error !== undefined ? `${id}-error` : undefined}>
      <legend>{label}</legend>
      {hint !== undefined && <p className="field-hint">{hint}</p>}
      {options.map((option, index) => (
        <label key={option.value} className="check" aria-disabled={option.disabled}>
          <input
            type="checkbox"
            checked={values.includes(option.value)}
            onChange={() => toggle(option.value)}
            disabled={option.disabled}
            aria-invalid={index === 0 ? error !== undefined : undefined}
          />
          <span>
            {option.label}
            {option.hint !== undefined && <span className="field-hint">{option.hint}</span>}
          </span>
        </label>
      ))}
      {error !== undefined && <Wrong id={`${id}-error`} message={error} />}
    </fieldset>
  );
}
