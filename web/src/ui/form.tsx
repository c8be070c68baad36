import { CircleAlert } from 'lucide-react';
import { useCallback, useEffect, useId, useRef, useState, type SyntheticEvent, type InputHTMLAttributes, type ReactNode } from 'react';
import { ApiError, wordsOf } from '../api/problem';
import { Button } from './button';
import { Notice } from './notice';

export interface FormState {
  isBusy: boolean;
  /** What is wrong with a field, by its JSON pointer without the first slash ("streamKey", "settings/queueLimitMs"). */
  errors: Readonly<Record<string, string>>;
  /** What is wrong and belongs to no field on the page. */
  problem: string | null;
}

const idle: FormState = { isBusy: false, errors: {}, problem: null };

/** Sorts what a request threw: errors of fields that are on the page go there, all else is said above the button. */
export function sortErrors(error: unknown, fields: ReadonlySet<string>): FormState {
  if (!(error instanceof ApiError) || error.errors.length === 0) return { ...idle, problem: wordsOf(error) };
  const errors: Record<string, string> = {};
  const others: string[] = [];
  for (const { field, message } of error.errors) {
    const exact = field.replace(/^\//, '');
    // What is wrong with one entry of a list ("scopes/0") is shown at the list.
    const name = fields.has(exact) ? exact : exact.replace(/\/\d+$/, '');
    if (fields.has(name)) errors[name] = errors[name] ? `${errors[name]}; ${message}` : message;
    else others.push(name ? `${name} ${message}` : message);
  }
  return { isBusy: false, errors, problem: others.length > 0 ? `${others.join('; ')}.` : null };
}

/** Thrown by a submit for what the page itself finds wrong. */
export class FieldProblem extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A form that sends to the API: `fields` are the names of its fields (as in the API), `submit` sends. What is entered stays after an error; the first wrong field gets the focus.
 * Give the result to <Form> and the errors to its <Field>s.
 */
export function useForm(fields: readonly string[], submit: () => Promise<unknown>) {
  const [state, setState] = useState<FormState>(idle);
  const [failures, setFailures] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  // After what is wrong has been drawn, however busy the machine is.
  useEffect(() => {
    if (failures > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failures]);
  const onSubmit = useCallback(
    async (event: SyntheticEvent) => {
      event.preventDefault();
      setState({ ...idle, isBusy: true });
      try {
        await submit();
        setState(idle);
      } catch (error) {
        const next = error instanceof FieldProblem ? { ...idle, errors: { [error.field]: error.message } } : sortErrors(error, new Set(fields));
        setState(next);
        setFailures(count => count + 1);
      }
    },
    [fields, submit],
  );
  return { ...state, onSubmit, form };
}

export function Form({ state, children, className = 'stack' }: { state: ReturnType<typeof useForm>; children: ReactNode; className?: string }) {
  return (
    <form ref={state.form} onSubmit={state.onSubmit} className={className} noValidate>
      {state.problem !== null && (
        <Notice tone="bad" isAlert>
          {state.problem}
        </Notice>
      )}
      {children}
    </form>
  );
}

/** The foot of a form in a dialog: a way out, and what sends the form, in its own words. */
export function FormFoot({
  state,
  onCancel,
  cancel = 'Cancel',
  look = 'primary',
  isDisabled = false,
  children,
}: {
  state: FormState;
  onCancel: () => void;
  cancel?: string;
  look?: 'primary' | 'danger';
  isDisabled?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="dialog-foot">
      <Button onClick={onCancel}>{cancel}</Button>
      <Button type="submit" look={look} isBusy={state.isBusy} disabled={isDisabled}>
        {children}
      </Button>
    </div>
  );
}

export interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value' | 'name'> {
  label: string;
  /** As in the API. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  state: FormState;
  hint?: ReactNode;
  /** Beside the input: a button that makes a value, for example. */
  beside?: ReactNode;
}

/** A text field with label, hint and what the server found wrong with it. */
export function Field({ label, name, value, onChange, state, hint, beside, ...rest }: FieldProps) {
  const id = useId();
  const error = state.errors[name];
  const described = [hint !== undefined ? `${id}-hint` : '', error !== undefined ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="input-with-button">
        <input
          id={id}
          className="input"
          name={name}
          value={value}
          onChange={event => onChange(event.target.value)}
          aria-invalid={error !== undefined}
          aria-describedby={described || undefined}
          {...rest}
        />
        {beside}
      </div>
      {error !== undefined && (
        <p id={`${id}-error`} className="field-error">
          <CircleAlert size={14} aria-hidden />
          <span>{`${error.charAt(0).toUpperCase()}${error.slice(1)}`}</span>
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
