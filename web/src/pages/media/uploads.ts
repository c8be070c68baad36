import { send } from '../../api/client';
import { ApiError, wordsOf } from '../../api/problem';
import type { Upload } from '../../api/types';
import { metadataOf, sendPart, type Part } from './transfer';

export interface Uploading {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly state: 'queued' | 'sending' | 'checking' | 'waiting' | 'done' | 'failed';
  /** What went wrong, in words; while it waits: why. */
  readonly problem: string | null;
  /** It failed in a way that may not come again. */
  readonly canRetry: boolean;
  /** The file of the library that it became. */
  readonly filename: string | null;
}

/** The server takes four at a time from everybody together: two leave room for a colleague. */
const atOnce = 2;

/** Attempts in a row that brought nothing, before a person is asked. With the waits between them that is about a minute. */
const mostAttempts = 6;

const longestWaitMs = 20_000;

/** How long to wait after the n-th attempt that brought nothing (from 1). */
export const waitMs = (attempt: number) => Math.min(1_000 * 2 ** (attempt - 1), longestWaitMs);

/** Is it worth another attempt? A refusal of the file is final; a dead connection, a busy or a broken server, a login in another tab are not. */
export const isPassing = (error: unknown) => !(error instanceof ApiError) || error.code === 'antiforgery' || [409, 429, 502, 503, 504].includes(error.status);

/** The requests of an upload (docs/operations/media.md). */
export interface Wire {
  begin: (file: File, signal: AbortSignal) => Promise<string>;
  /** Where to go on, and what it became. */
  look: (path: string, signal: AbortSignal) => Promise<{ offset: number; upload: Upload }>;
  sendPart: (part: Part) => Promise<void>;
  forget: (path: string) => Promise<void>;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const tus = { 'Tus-Resumable': '1.0.0' };

const overHttp: Wire = {
  begin: async (file, signal) => {
    const response = await send('/api/uploads', { method: 'POST', headers: { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': metadataOf(file.name) }, signal });
    return `/api/uploads/${((await response.json()) as Upload).id}`;
  },
  look: async (path, signal) => {
    const response = await send(path, { method: 'GET', signal });
    return { offset: Number(response.headers.get('Upload-Offset') ?? 0), upload: (await response.json()) as Upload };
  },
  sendPart,
  forget: async path => {
    await send(path, { method: 'DELETE', headers: tus });
  },
  wait: (ms, signal) =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    }),
};

interface Job {
  file: File;
  control: AbortController;
  path: string | null;
}

/** The uploads of this browser tab. They go on while somebody looks at another page; a broken connection goes on where it broke. */
export class UploadQueue {
  private list: readonly Uploading[] = [];
  private readonly jobs = new Map<number, Job>();
  private readonly listeners = new Set<() => void>();
  private lastId = 0;
  private running = 0;

  constructor(
    private readonly wire: Wire = overHttp,
    /** Called after a file has come into the library. */
    public onDone: () => void = () => undefined,
  ) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  readonly read = () => this.list;

  get isBusy(): boolean {
    return this.list.some(({ state }) => state !== 'done' && state !== 'failed');
  }

  add(files: readonly File[]): void {
    const added = files.map((file): Uploading => {
      const id = ++this.lastId;
      this.jobs.set(id, { file, control: new AbortController(), path: null });
      // An empty file is refused by the server in the same words; it cannot even be announced.
      const isEmpty = file.size === 0;
      return { id, name: file.name, size: file.size, sent: 0, state: isEmpty ? 'failed' : 'queued', problem: isEmpty ? 'The file has no bytes.' : null, canRetry: false, filename: null };
    });
    this.set([...this.list, ...added]);
    this.next();
  }

  /** Tries again what failed, from where it is. */
  again(id: number): void {
    this.change(id, { state: 'queued', problem: null });
    this.next();
  }

  /** Gives it up, or takes it off the list. What came into the library stays. */
  remove(id: number): void {
    const job = this.jobs.get(id);
    const isDone = this.list.some(one => one.id === id && one.state === 'done');
    this.jobs.delete(id);
    this.set(this.list.filter(one => one.id !== id));
    job?.control.abort();
    // Else it would count against the library for a day; when this fails, it goes by itself.
    if (job?.path && !isDone) void this.wire.forget(job.path).catch(() => undefined);
  }

  private next(): void {
    while (this.running < atOnce) {
      const found = this.list.find(({ state }) => state === 'queued');
      const job = found && this.jobs.get(found.id);
      if (!found || !job) return;
      this.running++;
      this.change(found.id, { state: 'sending' });
      void this.run(found.id, job).finally(() => {
        this.running--;
        this.next();
      });
    }
  }

  private async run(id: number, job: Job): Promise<void> {
    const { signal } = job.control;
    const isGivenUp = () => signal.aborted;
    for (let attempt = 1; ; attempt++) {
      let before = 0;
      try {
        job.path ??= await this.wire.begin(job.file, signal);
        const { offset, upload } = await this.wire.look(job.path, signal);
        before = offset;
        this.change(id, { sent: offset, state: offset === job.file.size ? 'checking' : 'sending', problem: null });
        if (upload.filename === null) {
          await this.wire.sendPart({
            path: job.path, offset, blob: job.file.slice(offset), signal,
            onProgress: sent => this.change(id, { sent: Math.min(sent, job.file.size), state: sent >= job.file.size ? 'checking' : 'sending' }),
          });
        }
        const { upload: after } = await this.wire.look(job.path, signal);
        this.change(id, { state: 'done', sent: job.file.size, filename: after.filename, problem: null });
        this.onDone();
        return;
      } catch (error) {
        if (isGivenUp()) return;
        // The server may have forgotten it (24 hours, another state): it begins anew.
        if (error instanceof ApiError && error.status === 404) job.path = null;
        else if (!isPassing(error)) {
          // What is full may have room later, and goes on from where it is; what is wrong with the file stays so.
          this.change(id, { state: 'failed', problem: wordsOf(error), canRetry: !(error instanceof ApiError) || error.status !== 422 });
          return;
        }
        const sent = this.list.find(one => one.id === id)?.sent ?? 0;
        if (sent > before) attempt = 1;
        if (attempt >= mostAttempts) {
          this.change(id, { state: 'failed', problem: wordsOf(error), canRetry: true });
          return;
        }
        this.change(id, { state: 'waiting', problem: wordsOf(error) });
        await this.wire.wait(waitMs(attempt), signal);
        if (isGivenUp()) return;
      }
    }
  }

  private change(id: number, what: Partial<Uploading>): void {
    this.set(this.list.map(one => (one.id === id ? { ...one, ...what } : one)));
  }

  private set(list: readonly Uploading[]): void {
    this.list = list;
    for (const listener of this.listeners) listener();
  }
}

export const uploads = new UploadQueue();
