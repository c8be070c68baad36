import type { UseQueryResult } from '@tanstack/react-query';
import { LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { wordsOf } from '../api/problem';
import { Button } from './button';
import { Notice } from './notice';

/** What a query brought; while it runs for the first time a placeholder of `height` pixels, so that nothing jumps; an error with a way to try again. */
export function Loaded<T>({ query, height = 160, children }: { query: UseQueryResult<T>; height?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) {
    return (
      <div className="card-body stack">
        <Notice tone="bad" isAlert>
          {wordsOf(query.error)}
        </Notice>
        <div>
          <Button onClick={() => query.refetch()} isBusy={query.isFetching}>
            Try again
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className="loading" role="status" style={{ minHeight: height }}>
      <LoaderCircle className="spinner" aria-hidden />
      <span className="hidden-visually">Loading</span>
    </div>
  );
}
