/**
 * Tells the service worker which files the page consists of. Their list carries a digest, so that a new build is a new
 * service worker, which fetches what changed and then drops the old files.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const WORKER = 'service-worker.js';

/** Replaces `__FILES__` and `__BUILD__` in the service worker by the build's files and their digest. */
export function precache(): Plugin {
  let publicDir = '';
  return {
    name: 'gemmule-precache',
    apply: 'build',
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const digest = createHash('sha256');
        const files: string[] = [];
        for (const [name, output] of Object.entries(bundle).sort(([a], [b]) => a.localeCompare(b))) {
          if (name === WORKER || name.endsWith('.map')) continue;
          files.push(name === 'index.html' ? './' : `./${name}`);
          digest.update(name).update(output.type === 'asset' ? output.source : output.code);
        }
        for (const name of readdirSync(publicDir).sort()) {
          files.push(`./${name}`);
          digest.update(name).update(readFileSync(join(publicDir, name)));
        }
        const worker = bundle[WORKER];
        if (worker?.type !== 'chunk') this.error(`the build has no ${WORKER}`);
        worker.code = worker.code
          .replaceAll('__FILES__', JSON.stringify(files))
          .replaceAll('__BUILD__', JSON.stringify(digest.digest('hex').slice(0, 16)));
      },
    },
  };
}
