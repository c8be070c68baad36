import { Copy } from '../../ui/copy';
import { Notice } from '../../ui/notice';

/** The signing secret, this once. */
export function SecretShown({ secret }: { secret: string }) {
  return (
    <>
      <Notice tone="warn">Copy the secret now: it is not shown again. Your program checks the signature of every delivery with it, by the rules of Standard Webhooks.</Notice>
      <Copy label="secret" value={secret} />
    </>
  );
}
