import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api, fill, session } from './client';
import { ApiError, UnreachableError, wordsOf } from './problem';

const answers: (() => Response | Promise<Response>)[] = [];
const requests: { path: string; init: RequestInit }[] = [];

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

beforeEach(() => {
  answers.length = 0;
  requests.length = 0;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    requests.push({ path, init });
    const answer = answers.shift();
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('network'));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  session.antiforgery = null;
  session.onUnauthorized = () => undefined;
});

const header = (index: number, name: string) => new Headers(requests[index]?.init.headers).get(name);

it('fills addresses, and leaves out what is not given', () => {
  expect(fill('/api/keys/{id}', { id: 'a/b?c' })).toBe('/api/keys/a%2Fb%3Fc');
  expect(fill('/api/events', {}, { limit: 5, type: undefined, channel: null })).toBe('/api/events?limit=5');
});

it('sends the antiforgery token with changes only', async () => {
  session.antiforgery = 'token';
  answers.push(
    () => json(200, {}),
    () => json(200, {}),
  );
  await api.get('/api/status');
  await api.post('/api/start');
  expect([header(0, 'X-CSRF-Token'), header(1, 'X-CSRF-Token')]).toEqual([null, 'token']);
});

it('renews the antiforgery token once', async () => {
  session.antiforgery = 'old';
  session.renew = () => {
    session.antiforgery = 'new';
    return Promise.resolve();
  };
  const refuse = () => json(403, { code: 'antiforgery', title: 'No.' });
  answers.push(refuse, () => json(200, {}));
  await api.post('/api/start');
  expect(header(1, 'X-CSRF-Token')).toBe('new');
  answers.push(refuse, refuse);
  await expect(api.post('/api/start')).rejects.toMatchObject({ code: 'antiforgery' });
});

it('tells of an ended session, but not of a wrong password', async () => {
  const onUnauthorized = vi.fn();
  session.onUnauthorized = onUnauthorized;
  const refuse = () => json(401, { code: 'unauthorized', title: 'A valid token is needed.' });
  answers.push(refuse, refuse);
  await expect(api.post('/api/login', { body: { name: 'anna', password: 'wrong' } })).rejects.toBeInstanceOf(ApiError);
  expect(onUnauthorized).not.toHaveBeenCalled();
  await expect(api.get('/api/keys')).rejects.toBeInstanceOf(ApiError);
  expect(onUnauthorized).toHaveBeenCalledOnce();
});

it('puts errors into words, whoever answered', async () => {
  answers.push(
    () => json(400, { code: 'invalid_request', title: 'The request has wrong fields.', errors: [{ field: '/settings/queueLimitMs', message: 'must be a number' }] }),
    () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    () => json(429, { code: 'too_many_attempts', title: 'Too many attempts.' }, { 'Retry-After': '8' }),
  );
  const words = async () => wordsOf(await api.get('/api/keys').catch((error: unknown) => error));
  expect(await words()).toBe('settings › queueLimitMs must be a number.');
  expect(await words()).toBe('The server answered with status 502.');
  expect(await words()).toBe('Too many attempts. Try again in 8 s.');
  await expect(api.get('/api/keys')).rejects.toBeInstanceOf(UnreachableError);
});

it('gives null where there is no body', async () => {
  answers.push(() => new Response(null, { status: 204 }));
  expect(await api.delete('/api/keys/{id}', { path: { id: 'x' } })).toBeNull();
});
