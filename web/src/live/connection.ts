import { parseFrame, type Frame } from './frames';

/** connecting: the first try runs. open: all is well. lost: it was cut, and is tried again at `retryAt` (browser time, milliseconds). */
export type LinkState = { readonly kind: 'connecting' } | { readonly kind: 'open' } | { readonly kind: 'lost'; readonly since: number; readonly retryAt: number };

/** The server tells metrics each second: after so long without a frame the line is dead, even when nothing has said so. */
const silenceMs = 6_000;

/** A try that has no answer after so long is given up. */
const openMs = 8_000;

const firstRetryMs = 500;

/** A server that restarts is back within seconds; nobody wants to wait half a minute after that. */
const mostRetryMs = 5_000;

/** Wait before the try after `failures` failures: doubling, and a random half so that all open pages do not come at once. */
export function retryDelay(failures: number, random: number): number {
  const whole = Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(failures, 10));
  return whole / 2 + (whole / 2) * random;
}

export interface LinkListener {
  onFrame: (frame: Frame) => void;
  onState: (state: LinkState) => void;
  /** A try failed or the line was cut: may be the session has ended. */
  onFailure: () => void;
}

/** The WebSocket to the server, which comes back by itself. Ends by `close`. */
export class LiveConnection {
  private socket: WebSocket | null = null;
  private failures = 0;
  private lostSince: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;
  private readonly retryNow = () => {
    if (this.socket === null && !this.isClosed) this.open();
  };

  constructor(
    private readonly url: string,
    private readonly listener: LinkListener,
  ) {
    // The browser knows when the network is back, or the laptop was opened again.
    window.addEventListener('online', this.retryNow);
    this.open();
  }

  close(): void {
    this.isClosed = true;
    window.removeEventListener('online', this.retryNow);
    this.drop();
  }

  private open(): void {
    this.drop();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.watch(openMs);
    socket.onopen = () => {
      this.failures = 0;
      this.lostSince = null;
      this.watch(silenceMs);
      this.listener.onState({ kind: 'open' });
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      this.watch(silenceMs);
      const frame = parseFrame(data);
      if (frame !== null) this.listener.onFrame(frame);
    };
    socket.onclose = () => this.lose();
  }

  private watch(limit: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lose(), limit);
  }

  private lose(): void {
    this.drop();
    const now = Date.now();
    this.lostSince ??= now;
    const delay = retryDelay(this.failures++, Math.random());
    this.timer = setTimeout(() => this.open(), delay);
    this.listener.onState({ kind: 'lost', since: this.lostSince, retryAt: now + delay });
    this.listener.onFailure();
  }

  private drop(): void {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
