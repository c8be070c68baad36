import { platformOf } from './platforms';

/** The tile of a platform: letters, since the marks belong to their owners. */
export function PlatformMark({ mark }: { mark: string }) {
  return (
    <span className="platform-mark" aria-hidden>
      {mark}
    </span>
  );
}

/** The same for a destination as the server keeps it. */
export function DestinationMark({ platform, url }: { platform: string; url: string }) {
  return <PlatformMark mark={platformOf(platform, url)?.mark ?? 'Rt'} />;
}
