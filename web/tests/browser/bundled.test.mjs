// The package as npm delivers it, in a fresh program that Vite bundles: worker, wasm and sources must be found there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'vite';
import { open } from '../browsers.ts';
import { serve } from './server.mjs';

const module = path.resolve(import.meta.dirname, '../../gemmule');
const folder = mkdtempSync(path.join(os.tmpdir(), 'gemmule-vite-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = `import { Gemma, kernels } from 'gemmule';
window.kernels = kernels;
window.load = (bytes) => Gemma.load(bytes).then((gemma) => gemma.info.name, (error) => error.name);
`;

function npm(args, cwd) {
  const done = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

before(async () => {
  const [{ filename, files }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], module));
  const names = files.map(({ path: name }) => name);
  for (const name of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'dist/index.js', 'dist/index.d.ts']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  const installed = path.join(folder, 'node_modules/gemmule');
  mkdirSync(installed, { recursive: true });
  const unpacked = spawnSync('tar', ['-xzf', path.join(folder, filename), '-C', installed, '--strip-components=1']);
  assert.equal(unpacked.status, 0, String(unpacked.stderr));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>');
  writeFileSync(path.join(folder, 'main.js'), PROGRAM);
  await build({ root: folder, logLevel: 'warn', configFile: false });
});

test('a bundle has the worker, the wasm and the kernels, and they work', async () => {
  const dist = path.join(folder, 'dist');
  const assets = readdirSync(path.join(dist, 'assets'));
  for (const kind of [/^worker.*\.js$/, /\.wasm$/, /^kernels.*\.json$/]) {
    assert.ok(assets.some((name) => kind.test(name)), `${kind} in ${assets}`);
  }
  const server = await serve(dist, Buffer.alloc(0));
  const browser = await open();
  try {
    await browser.page.goto(`${server.origin}/index.html`);
    await browser.page.waitForFunction(() => 'kernels' in window);
    const [count, sourced] = await browser.page.evaluate(async () => {
      const all = await window.kernels();
      return [all.length, all.filter(({ source, wgsl }) => source && wgsl).length];
    });
    assert.ok(count > 100 && sourced === count, `${sourced} of ${count} kernels have their sources`);
    assert.equal(await browser.page.evaluate(() => window.load(new Uint8Array(100))), 'BadModel');
  } finally {
    await browser.close();
    await server.close();
  }
});
