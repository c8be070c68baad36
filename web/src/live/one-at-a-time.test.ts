import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time';

it('reads once more after a change that came while it read, and not oftener', async () => {
  const open: (() => void)[] = [];
  const keys: string[] = [];
  const tell = oneAtATime(key => {
    keys.push(key);
    return new Promise<void>((resolve, reject) => open.push(keys.length === 2 ? () => reject(new Error('away')) : resolve));
  });
  const end = async (index: number) => {
    open[index]?.();
    await new Promise(resolve => setTimeout(resolve, 0));
  };
  tell('a');
  tell('a');
  tell('a');
  tell('b');
  expect(keys).toEqual(['a', 'b']);
  await end(0);
  expect(keys).toEqual(['a', 'b', 'a']);
  await end(2);
  expect(keys).toEqual(['a', 'b', 'a']);

  // One that failed is no end of it.
  await end(1);
  tell('b');
  expect(keys).toEqual(['a', 'b', 'a', 'b']);
});
