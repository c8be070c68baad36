import { CircleAlert } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import type { FormState } from './form';

/** The entries of a text with one in each line; commas part them, too. */
export const linesOf = (text: string): string[] => text.split(/[\n,]/).map(line => line.trim()).filter(line => line !== '');

/** The error names of a list's entries as the server gives them: "allowedAddresses", "allowedAddresses/0", … */
export const entryNames = (name: string, most: number): string[] => [name, ...Array.from({ length: most }, (_, index) => `${name}/${index}`)];

export interface LinesFieldProps {
  label: string;
  /** As in the API, where it is a list. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  state: FormState;
  hint?: ReactNode;
  placeholder?: string;
  disabled?: boolean;
  rows?: number;
}

/** A list as lines of text. An error of one entry names the entry. */
export function LinesField({ label, name, value, onChange, state, hint, rows = 3, ...rest }: LinesFieldProps) {
  const id = useId();
  const entries = linesOf(value);
  const errors = Object.entries(state.errors).flatMap(([field, message]) => {
    if (field === name) return [message];
    const entry = field.startsWith(`${name}/`) ? entries[Number(field.slice(name.length + 1))] : undefined;
    return entry === undefined ? [] : [`${entry} ${message}`];
  });
  const described = [hint !== undefined ? `${id}-hint` : '', errors.length > 0 ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="input"
        name={name}
        rows={rows}
        value={value}
        spellCheck={false}
        onChange={event => onChange(event.target.value)}
        aria-invalid={errors.length > 0}
        aria-describedby={described || undefined}
        {...rest}
      />
      {errors.length > 0 && (
        <p id={`${id}-error`} className="field-error">
          <CircleAlert size={14} aria-hidden />
          <span>{errors.map(error => `${error.charAt(0).toUpperCase()}${error.slice(1)}`).join('; ')}</span>
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
