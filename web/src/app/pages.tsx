import { Clapperboard, Images, KeyRound, LifeBuoy, MonitorUp, NotebookText, Radio, ServerCog, Share2, Tv, Users, Webhook, type LucideIcon } from 'lucide-react';
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import type { Permission } from '../api/types';

/** A page behind the login. Adding one: a folder in src/pages, and an entry here (web/README.md). */
export interface Page {
  /** Pattern of wouter: `/destinations/:id?`. */
  path: string;
  title: string;
  /** In the navigation; null: reached from another page. */
  icon: LucideIcon | null;
  /** Who may not is not shown the way there. */
  needs: Permission;
  /** Loaded when it is opened. */
  component: LazyExoticComponent<ComponentType>;
}

export const pages: readonly Page[] = [
  { path: '/', title: 'Live', icon: Radio, needs: 'view', component: lazy(() => import('../pages/live/live-page')) },
  { path: '/live/:channel', title: 'Live', icon: null, needs: 'view', component: lazy(() => import('../pages/live/live-page')) },
  { path: '/start', title: 'Connect OBS', icon: MonitorUp, needs: 'view', component: lazy(() => import('../pages/start/encoder-page')) },
  { path: '/start/destination', title: 'Add a destination', icon: null, needs: 'manage', component: lazy(() => import('../pages/start/destination-page')) },
  { path: '/destinations/:id?', title: 'Destinations', icon: Share2, needs: 'view', component: lazy(() => import('../pages/destinations/destinations-page')) },
  { path: '/keys', title: 'Stream keys', icon: KeyRound, needs: 'view', component: lazy(() => import('../pages/keys/keys-page')) },
  { path: '/media', title: 'Media', icon: Images, needs: 'view', component: lazy(() => import('../pages/media/media-page')) },
  { path: '/channels/:id?', title: 'Channels', icon: Tv, needs: 'view', component: lazy(() => import('../pages/channels/channels-page')) },
  { path: '/drill/:channel?', title: 'Failover drill', icon: LifeBuoy, needs: 'operate', component: lazy(() => import('../pages/drill/drill-page')) },
  { path: '/broadcasts/:id?', title: 'Broadcasts', icon: Clapperboard, needs: 'view', component: lazy(() => import('../pages/broadcasts/broadcasts-page')) },
  { path: '/access', title: 'Users and tokens', icon: Users, needs: 'view', component: lazy(() => import('../pages/access/access-page')) },
  { path: '/webhooks/:id?', title: 'Webhooks', icon: Webhook, needs: 'manage', component: lazy(() => import('../pages/webhooks/webhooks-page')) },
  { path: '/journal', title: 'Journal', icon: NotebookText, needs: 'view', component: lazy(() => import('../pages/journal/journal-page')) },
  { path: '/log', title: 'Server log', icon: null, needs: 'manage', component: lazy(() => import('../pages/log/log-page')) },
  { path: '/system', title: 'System', icon: ServerCog, needs: 'manage', component: lazy(() => import('../pages/system/system-page')) },
];
