import { LoaderCircle } from 'lucide-react';
import type { ButtonHTMLAttributes } from 'react';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'danger' | 'quiet';
  isSmall?: boolean;
  /** What it started still runs: it turns, and takes no click. */
  isBusy?: boolean;
}

export function Button({ look = 'plain', isSmall = false, isBusy = false, className = '', disabled, children, type = 'button', ...rest }: ButtonProps) {
  const classes = ['button', look === 'plain' ? '' : `button-${look}`, isSmall ? 'button-small' : '', className].filter(Boolean).join(' ');
  return (
    <button type={type} className={classes} disabled={(disabled ?? false) || isBusy} aria-busy={isBusy || undefined} {...rest}>
      {isBusy && <LoaderCircle className="spinner" size={16} aria-hidden />}
      {children}
    </button>
  );
}
