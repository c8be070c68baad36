import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveConnection, retryDelay, type LinkState } from './connection';
import type { Frame } from './frames';

/** The edge of the browser: what a WebSocket does is told by the test. */
class ScriptedSocket {
  static readonly all: ScriptedSocket[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {
    ScriptedSocket.all.push(this);
  }

  close() {
    this.isClosed = true;
  }
}

const states: LinkState[] = [];
const frames: Frame[] = [];
let failures = 0;
let connection: LiveConnection;

const last = () => ScriptedSocket.all.at(-1);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', ScriptedSocket);
  ScriptedSocket.all.length = states.length = frames.length = 0;
  failures = 0;
  connection = new LiveConnection('ws://x/ws', {
    onFrame: frame => frames.push(frame),
    onState: state => states.push(state),
    onFailure: () => failures++,
  });
});

afterEach(() => {
  connection.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('comes back after the server was away, and says when it will try', () => {
  last()?.onopen?.();
  last()?.onclose?.();
  expect(states.map(({ kind }) => kind)).toEqual(['open', 'lost']);
  vi.advanceTimersByTime(500);
  expect(ScriptedSocket.all).toHaveLength(2);
  last()?.onclose?.();
  vi.advanceTimersByTime(1_000);
  last()?.onopen?.();
  expect(states.at(-1)).toEqual({ kind: 'open' });
  expect(failures).toBe(2);
});

it('takes a silent line for a dead one', () => {
  last()?.onopen?.();
  vi.advanceTimersByTime(5_000);
  last()?.onmessage?.({ data: '{"type":"metrics","time":"2026-01-01T00:00:00Z","channel":null,"data":{"channels":[],"clients":1}}' });
  vi.advanceTimersByTime(5_000);
  expect(states.map(({ kind }) => kind)).toEqual(['open']);
  vi.advanceTimersByTime(1_000);
  expect(states.at(-1)?.kind).toBe('lost');
  expect(ScriptedSocket.all[0]?.isClosed).toBe(true);
});

it('leaves alone what a later version of the server may say', () => {
  last()?.onmessage?.({ data: '{"type":"scene","data":{}}' });
  last()?.onmessage?.({ data: '[]' });
  expect(frames).toEqual([]);
});

it('opens at once when the network is back, and never after its end', () => {
  last()?.onclose?.();
  window.dispatchEvent(new Event('online'));
  expect(ScriptedSocket.all).toHaveLength(2);
  connection.close();
  window.dispatchEvent(new Event('online'));
  vi.advanceTimersByTime(60_000);
  expect(ScriptedSocket.all).toHaveLength(2);
});

it('waits longer and longer, within bounds', () => {
  expect([0, 1, 2, 3, 4, 50].map(count => retryDelay(count, 1))).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(retryDelay(0, 0)).toBe(250);
});
