/** How the page is built and served: its own files, one service worker, and the embedded model as an asset. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { policy } from './build/policy.ts';
import { precache } from './build/precache.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Relative addresses, so that the page works in any folder of a static host.
  base: './',
  assetsInclude: ['**/*.gguf'],
  plugins: [policy(), precache()],
  worker: { format: 'es' },
  server: { fs: { allow: [here('../..')] } },
  // The package finds its worker and its wasm by `import.meta.url`, which bundling into one file would break.
  optimizeDeps: { exclude: ['gemmule'] },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      input: { index: here('index.html'), 'service-worker': here('src/offline/service-worker.ts') },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
