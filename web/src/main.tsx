// Before everything that has styles of its own: those go over these.
import './ui/tokens.css';
import './ui/base.css';
import './ui/ui.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { startTheme } from './app/theme';

startTheme();

// The server was updated under the open page, and the file of a page that was not open yet is gone: the new index.html knows the new name. Once, in case it is missing for another reason.
window.addEventListener('vite:preloadError', event => {
  const key = 'reloaded-for';
  if (sessionStorage.getItem(key) === window.location.pathname) return;
  sessionStorage.setItem(key, window.location.pathname);
  event.preventDefault();
  window.location.reload();
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
