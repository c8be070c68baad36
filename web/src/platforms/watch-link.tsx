import { ExternalLink } from 'lucide-react';
import './watch-link.css';

/** What may become a link: an address of a page. Whatever a store from elsewhere holds, "javascript:" and the like never do, nor what has a password. */
export function watchable(url: string): string | null {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { href, username, password } = new URL(url);
  return username === '' && password === '' ? href : null;
}

/** Opens where viewers see a destination; nothing where that is not said. */
export function WatchLink({ name, url }: { name: string; url: string }) {
  const href = watchable(url);
  if (href === null) return null;
  return (
    <a className="watch small" href={href} target="_blank" rel="noopener noreferrer" aria-label={`Watch ${name}`}>
      Watch
      <ExternalLink size={14} aria-hidden />
    </a>
  );
}
