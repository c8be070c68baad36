import { afterEach, expect, it, vi } from 'vitest';
import { session } from '../../api/client';
import { ApiError } from '../../api/problem';
import { sendPart } from './transfer';

/** The edge of the browser: every request is answered like this. */
function answering(status: number, code: string): void {
  class Request {
    readonly upload = {};
    readonly status = status;
    readonly responseText = JSON.stringify({ status, code, title: 'No.' });
    onload: (() => void) | null = null;
    onloadend: (() => void) | null = null;
    open = () => undefined;
    setRequestHeader = () => undefined;
    getResponseHeader = () => null;
    send = () => {
      this.onload?.();
      this.onloadend?.();
    };
  }
  vi.stubGlobal('XMLHttpRequest', Request);
}

const before = { ...session };

afterEach(() => {
  Object.assign(session, before);
  vi.unstubAllGlobals();
});

const sending = () => sendPart({ path: '/api/uploads/upl_1', offset: 0, blob: new Blob(['x']), signal: new AbortController().signal, onProgress: () => undefined });

it('gets the right token after a login in another tab, before the next attempt', async () => {
  const renew = vi.fn(() => Promise.resolve());
  session.renew = renew;
  answering(403, 'antiforgery');
  await expect(sending()).rejects.toBeInstanceOf(ApiError);
  expect(renew).toHaveBeenCalledOnce();
});

it('leads to the login when the session has ended', async () => {
  const onUnauthorized = vi.fn();
  session.onUnauthorized = onUnauthorized;
  answering(401, 'unauthenticated');
  await expect(sending()).rejects.toMatchObject({ status: 401 });
  expect(onUnauthorized).toHaveBeenCalledOnce();
});
