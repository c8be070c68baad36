import { PageHead } from '../../app/page-head';
import { useStatus } from '../../live/live';

export default function LivePage() {
  const status = useStatus('main');
  return (
    <>
      <PageHead title="Live" />
      <p>{status?.state ?? 'unknown'}</p>
    </>
  );
}
