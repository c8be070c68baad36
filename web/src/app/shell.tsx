import * as Menu from '@radix-ui/react-dropdown-menu';
import * as Drawer from '@radix-ui/react-dialog';
import { LogOut, Menu as MenuIcon, Moon, Sun, UserRound, X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import { useCaller, useLogout } from '../session/session';
import { Button } from '../ui/button';
import { toast } from '../ui/toasts';
import { LinkBanner } from './link-banner';
import { pages, type Page } from './pages';
import { useTheme } from './theme';
import './shell.css';
import './print.css';

/** What is around every page: the ways to the others, the account, and whether the server is there. */
export function Shell({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const last = useRef(location);
  useEffect(() => {
    if (last.current === location) return;
    last.current = location;
    // As after a click on a plain link: the new page begins at its top, for eyes, keyboard and screen reader.
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [location]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <aside className="side">
        <Brand />
        <Navigation />
        <Account />
      </aside>
      <header className="top">
        <Drawer.Root open={isOpen} onOpenChange={setOpen}>
          <Drawer.Trigger asChild>
            <Button look="quiet" className="button-icon" aria-label="Menu">
              <MenuIcon size={20} aria-hidden />
            </Button>
          </Drawer.Trigger>
          <Drawer.Portal>
            <div className="scrim" aria-hidden />
            <Drawer.Content className="drawer" aria-describedby={undefined}>
              <div className="row spread">
                <Drawer.Title asChild>
                  <div>
                    <Brand />
                  </div>
                </Drawer.Title>
                <Drawer.Close asChild>
                  <Button look="quiet" className="button-icon" aria-label="Close menu">
                    <X size={20} aria-hidden />
                  </Button>
                </Drawer.Close>
              </div>
              <Navigation onGo={() => setOpen(false)} />
            </Drawer.Content>
          </Drawer.Portal>
        </Drawer.Root>
        <Brand />
        <Account isShort />
      </header>
      <div className="page">
        <LinkBanner />
        <main id="main" tabIndex={-1} ref={main}>
          {children}
        </main>
      </div>
    </div>
  );
}

function Brand() {
  return (
    <span className="brand">
      <img src="/favicon.svg" width={26} height={26} alt="" />
      Stream Manager
    </span>
  );
}

function Navigation({ onGo }: { onGo?: () => void }) {
  const { permissions } = useCaller();
  return (
    <nav aria-label="Pages">
      <ul className="ways">
        {pages
          .filter(page => page.icon !== null && permissions.includes(page.needs))
          .map(page => (
            <Way key={page.path} page={page} {...(onGo ? { onGo } : {})} />
          ))}
      </ul>
    </nav>
  );
}

function Way({ page, onGo }: { page: Page; onGo?: () => void }) {
  const [isHere] = useRoute(page.path);
  const Icon = page.icon;
  const href = page.path.split('/:')[0] ?? page.path;
  return (
    <li>
      <Link className="way" href={href === '' ? '/' : href} aria-current={isHere ? 'page' : undefined} {...(onGo ? { onClick: onGo } : {})}>
        {Icon !== null && <Icon size={18} aria-hidden />}
        {page.title}
      </Link>
    </li>
  );
}

function Account({ isShort = false }: { isShort?: boolean }) {
  const me = useCaller();
  const logout = useLogout();
  const [theme, setTheme] = useTheme();
  const name = me.user?.name ?? me.actor;
  return (
    // Not modal: the modal form locks scrolling by a style element, which the content security policy forbids.
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <Button look="quiet" className={isShort ? 'button-icon' : 'account'} aria-label={`Account ${name}`}>
          <UserRound size={18} aria-hidden />
          {!isShort && <span className="account-name">{name}</span>}
        </Button>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end" sideOffset={6} collisionPadding={8}>
          <Menu.Label className="menu-label">
            {name}
            {me.user && `, ${me.user.role}`}
          </Menu.Label>
          <Menu.Item className="menu-item" onSelect={() => setTheme(theme === 'dark' ? 'light' : 'dark')}>
            {theme === 'dark' ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
            {theme === 'dark' ? 'Light colours' : 'Dark colours'}
          </Menu.Item>
          <Menu.Item className="menu-item" onSelect={() => void logout().catch((error: unknown) => toast.bad(error))}>
            <LogOut size={16} aria-hidden />
            Log out
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
