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
  return <Loading height={height} />;
}

/** Parts of a page that read for themselves: seen when the last of them has its answer, so that none pushes down those below it when it comes. */
export function Together({ queries, height, children }: { queries: readonly Pick<UseQueryResult, 'isLoading'>[]; height: number; children: ReactNode }) {
  return queries.some(({ isLoading }) => isLoading) ? <Loading height={height} /> : children;
}

function Loading({ height }: { height: number }) {
  return (
    <div className="loading" role="status" style={{ minHeight: `${height / 16}rem` }}>
      <LoaderCircle className="spinner" aria-hidden />
      <span className="hidden-visually">Loading</span>
    </div>
  );
}
