import type { ReactNode } from 'react';
import './table.css';

export interface Column {
  title: string;
  /** Right-aligned, with figures of one width. */
  isNumber?: boolean;
  /** Its title is for screen readers only: buttons, badges. */
  isMute?: boolean;
}

/** A table that becomes a stack of cards on a phone. `caption` is read out. Its rows are <tr>s of <Cell>s. */
export function Table({ caption, columns, children }: { caption: string; columns: readonly Column[]; children: ReactNode }) {
  return (
    <table className="table">
      <caption className="hidden-visually">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, isNumber, isMute }) => (
            <th key={title} scope="col" className={isNumber === true ? 'is-number' : undefined}>
              {isMute === true ? <span className="hidden-visually">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** A cell. `label`: the column's title, which a phone shows beside the value. `isMain`: the head of the card. `isEnd`: buttons. */
export function Cell({ label, isNumber = false, isMain = false, isEnd = false, children }: { label?: string; isNumber?: boolean; isMain?: boolean; isEnd?: boolean; children: ReactNode }) {
  const classes = [isNumber ? 'is-number numbers' : '', isMain ? 'is-main' : '', isEnd ? 'is-end' : ''].filter(Boolean).join(' ');
  return (
    <td data-label={label} className={classes === '' ? undefined : classes}>
      {children}
    </td>
  );
}
