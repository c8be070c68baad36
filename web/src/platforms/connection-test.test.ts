import { expect, it } from 'vitest';
import { testWords } from './connection-test';

const refused = { ok: false, stage: 'connect', detail: 'The server refuses connections on this port.' } as Parameters<typeof testWords>[0];

it('says of a server that refuses not that it is silent, and what to look at', () => {
  const { title, detail } = testWords(refused);
  expect(`${title} ${detail}`).toBe('There is no connection to the server. The server refuses connections on this port. Look at address and port, and whether a firewall is in between.');
});

it('leaves what needs no advice as the server says it', () => {
  expect(testWords({ ...refused, stage: 'publish', detail: 'Key unknown.' })).toEqual({ title: 'The server refused the stream key.', detail: 'Key unknown.' });
});
