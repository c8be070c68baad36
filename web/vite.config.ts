import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` sends what is not the dashboard's own: a server that runs on this machine.
const server = process.env['STREAM_MANAGER'] ?? 'http://127.0.0.1:4200';

export default defineConfig({
  plugins: [react()],
  // A brace that was lost in a merge takes every rule behind it away: no build, instead of a page without its layout.
  esbuild: { logOverride: { 'css-syntax-error': 'error' } },
  build: {
    outDir: '../artifacts/web',
    emptyOutDir: true,
    manifest: true,
    // The content security policy has no data: for fonts and scripts, and everything else is better cached as a file.
    assetsInlineLimit: 0,
    // A polyfill for browsers that are older than the rest of what is needed here.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': server,
      '/preview': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
