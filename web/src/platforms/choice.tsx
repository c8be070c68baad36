import { Notice } from '../ui/notice';
import { PlatformMark } from './mark';
import { platforms, type Platform } from './platforms';

/** The tiles of all platforms, of which one is chosen. */
export function PlatformTiles({ chosen, onChoose }: { chosen: Platform | undefined; onChoose: (platform: Platform) => void }) {
  return (
    <fieldset className="tiles">
      <legend className="hidden-visually">Platform</legend>
      {platforms.map(one => (
        <label key={one.id} className="tile">
          <input type="radio" name="platform" value={one.id} checked={chosen?.id === one.id} onChange={() => onChoose(one)} />
          <PlatformMark mark={one.mark} />
          {one.name}
        </label>
      ))}
    </fieldset>
  );
}

/** Where to find its address and key, and what it takes. */
export function PlatformHelp({ platform }: { platform: Platform }) {
  return (
    <Notice tone="calm">
      <p>{platform.where}</p>
      <p className="soft small">Takes {platform.takes}.</p>
    </Notice>
  );
}

/** Name and address after another tile was chosen: what somebody has typed is not lost by that, what came from the tile before is replaced. */
export function refilled(typed: { name: string; url: string }, before: Platform | undefined, next: Platform): { name: string; url: string } {
  return {
    name: typed.name === '' || typed.name === before?.name ? (next.id === 'custom' ? '' : next.name) : typed.name,
    url: typed.url === '' || typed.url === before?.url ? next.url : typed.url,
  };
}
