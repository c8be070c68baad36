import { useCallback, useState } from 'react';
import type { Tagged } from '../api/client';
import { ApiError } from '../api/problem';
import { Button } from '../ui/button';
import { useForm } from '../ui/form';
import { Notice } from '../ui/notice';
import { changes, clashes, rebased, type Values } from './merge';

export interface EditingOptions<V extends Values> {
  /** As it was when the form was opened. */
  loaded: Tagged<V>;
  /** Names as the API has them in its errors, for values that are called otherwise there. */
  fields: readonly string[];
  /** Sends the changes; throws 412 when somebody else was quicker. `values` is the whole form, for what is sent together. */
  save: (changed: Partial<V>, etag: string, values: V) => Promise<Tagged<V>>;
  reload: () => Promise<Tagged<V>>;
  onSaved?: () => void;
}

/** A form over something that others may change at the same time. What was entered is lost only when its author says so. */
export function useEditing<V extends Values>({ loaded, fields, save, reload, onSaved }: EditingOptions<V>) {
  const [base, setBase] = useState(loaded);
  const [values, setValues] = useState(loaded.data);
  const [theirs, setTheirs] = useState<Tagged<V> | null>(null);

  const submit = useCallback(async () => {
    try {
      const saved = await save(changes(base.data, values), base.etag, values);
      setBase(saved);
      setValues(saved.data);
      setTheirs(null);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'stale') throw error;
      setTheirs(await reload());
      return;
    }
    onSaved?.();
  }, [base, onSaved, reload, save, values]);
  const state = useForm(fields, submit);

  return {
    values,
    state,
    isChanged: Object.keys(changes(base.data, values)).length > 0,
    set: (name: keyof V & string) => (value: string) => setValues(before => ({ ...before, [name]: value })),
    conflict: theirs && {
      clashing: clashes(base.data, values, theirs.data),
      loadTheirs: () => {
        setBase(theirs);
        setValues(theirs.data);
        setTheirs(null);
      },
      keepMine: () => {
        setValues(rebased(base.data, values, theirs.data));
        setBase(theirs);
        setTheirs(null);
      },
    },
  };
}

type Editing = ReturnType<typeof useEditing>;

/** Says that somebody else was quicker, and asks whose version it shall be. */
export function Conflict({ conflict, labels }: { conflict: Editing['conflict']; labels: Readonly<Record<string, string>> }) {
  if (!conflict) return null;
  const names = conflict.clashing.map(name => labels[name] ?? name);
  return (
    <Notice tone="warn" isAlert>
      <p>
        <strong>Somebody else has changed this while you were editing.</strong> Nothing of yours is lost, and nothing is saved yet.
      </p>
      <p>
        {names.length > 0
          ? `You both changed: ${names.join(', ')}. Yours would replace theirs there; the rest of their changes stays.`
          : 'You changed different things: keeping yours leaves theirs in place, too.'}
      </p>
      <div className="row notice-buttons">
        <Button isSmall onClick={conflict.loadTheirs}>
          Load theirs
        </Button>
        <Button isSmall look="primary" onClick={conflict.keepMine}>
          Keep mine
        </Button>
      </div>
    </Notice>
  );
}
