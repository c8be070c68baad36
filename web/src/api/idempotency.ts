import { useCallback, useRef } from 'react';
import { newIdempotencyKey } from './client';

/** The idempotency key of a form: the same as long as its entries are, so that what is sent again after an answer that got lost makes nothing twice. */
export function useIdempotencyKey(): (entries: unknown) => string {
  const sent = useRef({ entries: '', key: '' });
  return useCallback(entries => {
    const text = JSON.stringify(entries);
    if (sent.current.entries !== text) sent.current = { entries: text, key: newIdempotencyKey() };
    return sent.current.key;
  }, []);
}
