import { session } from '../../api/client';
import { ApiError, UnreachableError } from '../../api/problem';

/** What is sent of an upload, and how the page hears of it. */
export interface Part {
  path: string;
  offset: number;
  blob: Blob;
  signal: AbortSignal;
  /** Bytes of the whole file that have left. */
  onProgress: (sent: number) => void;
}

/** Sends a part. Not by fetch, which tells nobody how far it is. */
export function sendPart({ path, offset, blob, signal, onProgress }: Part): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PATCH', path);
    request.setRequestHeader('Tus-Resumable', '1.0.0');
    request.setRequestHeader('Upload-Offset', String(offset));
    request.setRequestHeader('Content-Type', 'application/offset+octet-stream');
    if (session.antiforgery !== null) request.setRequestHeader('X-CSRF-Token', session.antiforgery);
    request.upload.onprogress = ({ loaded }) => onProgress(offset + loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve();
        return;
      }
      const retryAfter = request.getResponseHeader('Retry-After');
      const headers: Record<string, string> = retryAfter === null ? {} : { 'Retry-After': retryAfter };
      // Its constructor refuses statuses that are no answer (0).
      void ApiError.of(new Response(request.responseText, { status: Math.max(200, request.status), headers }))
        .then(async error => {
          // As with all other requests (api/client.ts); the next attempt has the right token.
          if (error.code === 'antiforgery') await session.renew();
          if (error.status === 401) session.onUnauthorized();
          throw error;
        })
        .catch(reject);
    };
    request.onerror = () => reject(new UnreachableError(null));
    const abort = () => {
      request.abort();
      reject(new DOMException('Given up', 'AbortError'));
    };
    signal.addEventListener('abort', abort, { once: true });
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.send(blob);
  });
}

/** The name of a file for `Upload-Metadata`: base64 of its UTF-8. */
export function metadataOf(name: string): string {
  return `filename ${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}`;
}
