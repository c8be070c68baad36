import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';

const storageKey = 'theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  try {
    const value = localStorage.getItem(storageKey);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null; // A browser that keeps nothing: the system's theme.
  }
}

const current = (): Theme => chosen() ?? (system.matches ? 'dark' : 'light');

function apply(): void {
  document.documentElement.dataset['theme'] = current();
  for (const listener of listeners) listener();
}

/** Before the first render: the page is never seen in the wrong colours. */
export function startTheme(): void {
  apply();
  system.addEventListener('change', apply);
}

/** The theme, and a function that changes it. What is the system's own choice is not kept, so that it goes on following the system. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    current,
  );
  return [
    theme,
    next => {
      try {
        if (next === (system.matches ? 'dark' : 'light')) localStorage.removeItem(storageKey);
        else localStorage.setItem(storageKey, next);
      } catch {
        // Then it holds until the page is closed.
      }
      apply();
    },
  ];
}
