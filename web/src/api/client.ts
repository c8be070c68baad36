import { ApiError, UnreachableError } from './problem';
import type { paths } from './schema.gen';

type Method = 'get' | 'post' | 'put' | 'delete';

/** The addresses that take a method. */
export type PathsWith<M extends Method> = { [P in keyof paths]: NonNullable<paths[P][M]> extends never ? never : P }[keyof paths];

type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Good<T> = T extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R] : never;

/** What comes back; null when there is no body (204). */
export type Answer<P extends keyof paths, M extends Method> = [Good<Operation<P, M>>] extends [never] ? null : Good<Operation<P, M>>;

type BodyOf<T> = T extends { requestBody: infer R } ? Json<R> : T extends { requestBody?: infer R } ? Json<NonNullable<R>> : never;
type PathOf<T> = T extends { parameters: { path: infer V } } ? V : never;
type QueryOf<T> = T extends { parameters: { query?: infer V } } ? NonNullable<V> : never;

/** What goes out. `path` is needed where the address has {names}; `etag` refuses the change when somebody else was quicker (412). */
export type Request<P extends keyof paths, M extends Method> = ([PathOf<Operation<P, M>>] extends [never]
  ? { path?: never }
  : { path: PathOf<Operation<P, M>> }) &
  ([BodyOf<Operation<P, M>>] extends [never] ? { body?: never } : { body?: BodyOf<Operation<P, M>> }) & {
    query?: QueryOf<Operation<P, M>>;
    etag?: string;
    idempotencyKey?: string;
    signal?: AbortSignal;
  };

type Arguments<P extends keyof paths, M extends Method> = [PathOf<Operation<P, M>>] extends [never] ? [request?: Request<P, M>] : [request: Request<P, M>];

interface Session {
  /** Goes with every request that changes something; null: nobody is logged in. In memory only. */
  antiforgery: string | null;
  /** The server does not know us any more. */
  onUnauthorized: () => void;
  /** The antiforgery token is not the cookie's (somebody logged in in another tab): gets the right one. */
  renew: () => Promise<void>;
}

/** The session of this page. `session/session.tsx` keeps it. */
export const session: Session = { antiforgery: null, onUnauthorized: () => undefined, renew: () => Promise.resolve() };

/** These answer 401 for what was entered, not for who asks. */
const openPaths: ReadonlySet<string> = new Set(['/api/login', '/api/setup']);

type Parameter = string | number | boolean | null | undefined;

/** `/api/keys/{id}` with its names filled in. */
export function fill(path: string, names?: Readonly<Record<string, Parameter>>, query?: Readonly<Record<string, Parameter>>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names?.[name] ?? '')));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  return search.size > 0 ? `${filled}?${search.toString()}` : filled;
}

/** Any request to the API with the session's cookie. For what is no JSON (uploads); else use `api`. */
export async function send(path: string, init: RequestInit & { method: string }): Promise<Response> {
  for (let isFirst = true; ; isFirst = false) {
    const headers = new Headers(init.headers);
    if (init.method !== 'GET' && session.antiforgery !== null) headers.set('X-CSRF-Token', session.antiforgery);
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw new UnreachableError(cause);
    }
    if (response.ok) return response;
    const error = await ApiError.of(response);
    if (isFirst && error.code === 'antiforgery') {
      await session.renew();
      continue;
    }
    if (error.status === 401 && !openPaths.has(path)) session.onUnauthorized();
    throw error;
  }
}

interface AnyRequest {
  path?: Record<string, Parameter>;
  query?: Record<string, Parameter>;
  body?: unknown;
  etag?: string;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

async function call(method: Method, path: string, request: AnyRequest = {}): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  if (request.etag !== undefined) headers['If-Match'] = request.etag;
  if (request.idempotencyKey !== undefined) headers['Idempotency-Key'] = request.idempotencyKey;
  const response = await send(fill(path, request.path, request.query), {
    method: method.toUpperCase(),
    headers,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  return response.status === 204 || response.headers.get('Content-Length') === '0' ? null : await response.json();
}

/** For what makes something: the same key sent again makes nothing twice. (`crypto.randomUUID` is there on HTTPS only.) */
export const newIdempotencyKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

const caller =
  <M extends Method>(method: M) =>
  <P extends PathsWith<M>>(path: P, ...[request]: Arguments<P, M>): Promise<Answer<P, M>> =>
    call(method, path, request) as Promise<Answer<P, M>>;

/** The API with the types of docs/openapi.json: `api.get('/api/keys/{id}', { path: { id } })`. Throws `ApiError` or `UnreachableError`. */
export const api = { get: caller('get'), post: caller('post'), put: caller('put'), delete: caller('delete') };

/** Something as it is, with the ETag that a change of it is sent with. */
export interface Tagged<T> {
  data: T;
  etag: string;
}

/** Reads something in order to change it. */
export async function getTagged<P extends PathsWith<'get'>>(path: P, request: { path: Record<string, string> }): Promise<Tagged<Answer<P, 'get'>>> {
  const response = await send(fill(path, request.path), { method: 'GET' });
  return { data: (await response.json()) as Answer<P, 'get'>, etag: response.headers.get('ETag') ?? '*' };
}
