import { renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useIdempotencyKey } from './idempotency';

it('has one key for the same entries, and another for others', () => {
  const { result, rerender } = renderHook(useIdempotencyKey);
  const first = result.current({ name: 'studio' });
  rerender();
  expect(result.current({ name: 'studio' })).toBe(first);
  expect(result.current({ name: 'guest' })).not.toBe(first);
});
