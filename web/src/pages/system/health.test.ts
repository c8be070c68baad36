import { afterEach, expect, it, vi } from 'vitest';
import { matching, readHealth } from './health';

afterEach(() => vi.unstubAllGlobals());

it('reads what is wrong from an answer with status 503', async () => {
  const health = { status: 'unhealthy', version: '1', uptimeSeconds: 1, checks: [{ name: 'store', ok: false, reason: 'It is away.' }] };
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(health), { status: 503 })));
  await expect(readHealth()).resolves.toEqual(health);
});

it('finds settings by name, value and source', () => {
  const settings = [
    { name: 'PORT', value: '4200', source: 'built in' },
    { name: 'return_after', value: '1', source: 'config.yml line 1' },
    { name: 'RTMP_PORT', value: '1935', source: 'environment' },
  ];
  const found = (words: string, isChangedOnly = false) => matching(settings, words, isChangedOnly).map(({ name }) => name);
  expect(found('port')).toEqual(['PORT', 'RTMP_PORT']);
  expect(found('port env')).toEqual(['RTMP_PORT']);
  expect(found('', true)).toEqual(['return_after', 'RTMP_PORT']);
});
