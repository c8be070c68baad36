import { Link } from 'wouter';
import { PageHead } from './page-head';

export function NotFound() {
  return (
    <>
      <PageHead title="There is no such page" />
      <p>
        The address may be an old one. <Link href="/">Go to the live page</Link>.
      </p>
    </>
  );
}
