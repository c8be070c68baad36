import { LoaderCircle } from 'lucide-react';
import type { ButtonHTMLAttributes } from 'react';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'danger' | 'quiet';
  isSmall?: boolean;
  /** What it started still runs: it turns, and takes no click. */
  isBusy?: boolean;
}

export function Button({ look = 'plain', isSmall = false, isBusy = false, className = '', onClick, children, type = 'button', ...rest }: ButtonProps) {
  const classes = ['button', look === 'plain' ? '' : `button-${look}`, isSmall ? 'button-small' : '', className].filter(Boolean).join(' ');
  return (
    // A disabled button would lose the focus; this one has it again when all is done, and what opened a dialog gets it back.
    <button type={type} className={classes} aria-busy={isBusy || undefined} aria-disabled={isBusy || undefined} onClick={isBusy ? event => event.preventDefault() : onClick} {...rest}>
      {isBusy && <LoaderCircle className="spinner" size={16} aria-hidden />}
      {children}
    </button>
  );
}
