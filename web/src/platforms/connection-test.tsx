import type { ConnectionTest } from '../api/types';
import { Notice } from '../ui/notice';

/** How far a test came, and what it means. */
const failures: Readonly<Record<string, string>> = {
  address: 'The address is wrong.',
  resolve: 'No server has this name. Look for a typing error in the address.',
  connect: 'There is no connection to the server.',
  tls: 'The encrypted connection failed.',
  handshake: 'Something answers there, but it is no RTMP server.',
  connectCommand: 'The server refused the connection. It may not know the app, which is the last part of the address.',
  createStream: 'The server refused to take a stream.',
  publish: 'The server refused the stream key.',
};

/** What to look at, after the server's own words. */
const advice: Readonly<Record<string, string>> = { connect: 'Look at address and port, and whether a firewall is in between.' };

/** The answer of a connection test in words. */
export function testWords(test: ConnectionTest): { title: string; detail: string } {
  if (!test.ok) return { title: failures[test.stage] ?? 'The test failed.', detail: [test.detail, advice[test.stage]].filter(Boolean).join(' ') };
  return test.stage === 'publishing'
    ? { title: 'It works.', detail: 'The program is being delivered there right now, so nothing had to be tried.' }
    : { title: 'The test went well.', detail: 'The server lets you publish. Nothing was shown to anybody.' };
}

export function TestAnswer({ test }: { test: ConnectionTest }) {
  const { title, detail } = testWords(test);
  return (
    <Notice tone={test.ok ? 'good' : 'bad'} isAlert>
      <strong>{title}</strong> {detail}
    </Notice>
  );
}
