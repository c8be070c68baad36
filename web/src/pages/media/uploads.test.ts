import { expect, it, vi } from 'vitest';
import { ApiError, UnreachableError } from '../../api/problem';
import type { Upload } from '../../api/types';
import { metadataOf, type Part } from './transfer';
import { isPassing, UploadQueue, waitMs } from './uploads';

const file = (name: string, size: number) => new File([new Uint8Array(size)], name);
const refusal = (status: number, title: string) => new ApiError(status, 'some_code', title, null, [], null);

/** A server that keeps what comes; `answers` are thrown by the parts in their order, after so many bytes. */
function server(answers: readonly ({ after: number; error: unknown } | null)[] = []) {
  const plan = [...answers];
  const state = { offset: 0, length: 0, running: 0, most: 0, parts: [] as number[], forgotten: 0, begun: 0 };
  const upload = () => ({ id: 'upl_1', filename: state.offset > 0 && state.offset === state.length ? 'm-1.png' : null }) as Upload;
  return {
    state,
    begin: (one: File) => {
      state.begun++;
      state.offset = 0;
      state.length = one.size;
      return Promise.resolve('/api/uploads/upl_1');
    },
    look: () => Promise.resolve({ offset: state.offset, upload: upload() }),
    sendPart: async ({ offset, blob, onProgress }: Part) => {
      state.running++;
      state.most = Math.max(state.most, state.running);
      state.parts.push(offset);
      await Promise.resolve();
      const answer = plan.shift() ?? null;
      state.running--;
      state.offset = answer ? offset + answer.after : offset + blob.size;
      onProgress(state.offset);
      if (answer) throw answer.error;
    },
    forget: () => {
      state.forgotten++;
      return Promise.resolve();
    },
    wait: () => Promise.resolve(),
  };
}

const settled = (queue: UploadQueue) => vi.waitFor(() => expect(queue.isBusy).toBe(false));

it('sends a file and says what it became', async () => {
  const wire = server();
  let done = 0;
  const queue = new UploadQueue(wire, () => done++);
  queue.add([file('pause.png', 100)]);
  await settled(queue);
  expect(queue.read()).toMatchObject([{ name: 'pause.png', state: 'done', sent: 100, filename: 'm-1.png', problem: null }]);
  expect(done).toBe(1);
});

it('goes on where a broken connection broke', async () => {
  const wire = server([{ after: 40, error: new UnreachableError(null) }]);
  const queue = new UploadQueue(wire);
  queue.add([file('film.mp4', 100)]);
  await settled(queue);
  expect(wire.state.parts).toEqual([0, 40]);
  expect(queue.read()[0]?.state).toBe('done');
});

it('says what the server finds wrong with a file, without trying again', async () => {
  const wire = server([{ after: 0, error: refusal(422, 'The file is damaged.') }]);
  const queue = new UploadQueue(wire);
  queue.add([file('bad.png', 10)]);
  await settled(queue);
  expect(wire.state.parts).toEqual([0]);
  expect(queue.read()).toMatchObject([{ state: 'failed', problem: 'The file is damaged.', canRetry: false }]);
});

it('goes on from where it was when there is room again or somebody has logged in, and frees what was sent when it is given up', async () => {
  for (const error of [refusal(507, 'The disk is full.'), refusal(401, 'Log in.')]) {
    const wire = server([{ after: 40, error }, { after: 10, error }]);
    const queue = new UploadQueue(wire);
    queue.add([file('film.mp4', 100)]);
    await settled(queue);
    expect(queue.read()).toMatchObject([{ state: 'failed', problem: error.title, canRetry: true }]);
    queue.again(1);
    await settled(queue);
    expect(wire.state).toMatchObject({ begun: 1, parts: [0, 40], offset: 50, forgotten: 0 });
    queue.remove(1);
    expect(wire.state.forgotten).toBe(1);
  }
});

it('asks a person after some attempts that brought nothing, and goes on from there', async () => {
  const wire = server(Array.from({ length: 6 }, () => ({ after: 0, error: new UnreachableError(null) })));
  const queue = new UploadQueue(wire);
  queue.add([file('film.mp4', 100)]);
  await settled(queue);
  expect(queue.read()).toMatchObject([{ state: 'failed', problem: 'The server cannot be reached.', canRetry: true }]);
  queue.again(1);
  await settled(queue);
  expect(wire.state.begun).toBe(1);
  expect(queue.read()[0]?.state).toBe('done');
});

it('sends two at a time', async () => {
  const wire = server();
  const queue = new UploadQueue(wire);
  queue.add([file('a', 10), file('b', 10), file('c', 10), file('d', 10)]);
  await settled(queue);
  expect(queue.read().map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  expect(wire.state.most).toBeLessThanOrEqual(2);
});

it('gives up what is taken off the list, and refuses an empty file at once', async () => {
  const wire = server([{ after: 0, error: refusal(422, 'No.') }]);
  const queue = new UploadQueue(wire);
  queue.add([file('empty', 0)]);
  expect(queue.read()).toMatchObject([{ state: 'failed', problem: 'The file has no bytes.' }]);
  queue.remove(1);
  expect(queue.read()).toEqual([]);
  await settled(queue);
});

it('knows which errors pass', () => {
  expect([new UnreachableError(null), refusal(429, ''), refusal(409, ''), refusal(503, '')].map(isPassing)).toEqual([true, true, true, true]);
  expect([refusal(422, ''), refusal(413, ''), refusal(507, '')].some(isPassing)).toBe(false);
  expect(isPassing(new ApiError(403, 'antiforgery', '', null, [], null))).toBe(true);
  expect([1, 2, 3, 9].map(waitMs)).toEqual([1_000, 2_000, 4_000, 20_000]);
});

it('sends names of any script', () => {
  expect(metadataOf('Pause ü.png')).toBe('filename UGF1c2Ugw7wucG5n');
});
