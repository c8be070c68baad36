import { Radio, type LucideIcon } from 'lucide-react';
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
];
