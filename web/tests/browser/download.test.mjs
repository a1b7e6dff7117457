// A model at an address, in a browser: downloaded once, taken up again, checked, and read from OPFS.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { open } from '../browsers.ts';
import { HONEST, serve } from './server.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const model = readFileSync(path.join(root, 'models/tiny/tiny.gguf'));
const sha256 = createHash('sha256').update(model).digest('hex');
const NAME = 'Pebble Bay';

let server;
let browser;
before(async () => {
  server = await serve(path.join(root, 'web/gemmule/dist'), model);
  browser = await open();
});
after(async () => {
  await browser?.close();
  await server?.close();
});
beforeEach(async () => {
  server.state.behaviour = { ...HONEST };
  server.state.requests.length = 0;
  await browser.page.goto(server.origin);
  await browser.page.evaluate(async () => {
    const { Gemma } = await import('/index.js');
    for (const { name } of await Gemma.cached()) await Gemma.removeCached(name);
  });
});

/** Loads the model in the page; what it is called, or what was thrown, and the stages of its progress. */
function ask(source) {
  return browser.page.evaluate(
    async ({ source }) => {
      const { Gemma } = await import('/index.js');
      const stages = [];
      const onProgress = ({ stage }) => stages.at(-1) === stage || stages.push(stage);
      try {
        const from = source.blob ? new Blob([await (await fetch(source.blob)).arrayBuffer()]) : source;
        const gemma = await Gemma.load(from, { onProgress });
        const { name, residentBytes } = gemma.info;
        await gemma.dispose();
        return { name, residentBytes, stages, cached: await Gemma.cached() };
      } catch (error) {
        return { kind: error.name, message: error.message, stages, cached: await Gemma.cached() };
      }
    },
    { source },
  );
}

const url = '/model.gguf';

test('a picked file is read in pieces by the worker', async () => {
  const { name, message, stages } = await ask({ blob: url });
  assert.equal(name, NAME, message);
  assert.deepEqual(stages, ['upload']);
});

test('an address is downloaded once, and then read from OPFS', async () => {
  const first = await ask({ url, sha256 });
  assert.equal(first.name, NAME, first.message);
  assert.deepEqual(first.stages, ['download', 'upload']);
  assert.deepEqual(first.cached, [{ name: 'model.gguf', bytes: model.length, complete: true, url: server.origin + url, sha256 }]);
  const second = await ask({ url, sha256 });
  assert.deepEqual([second.name, second.stages], [NAME, ['upload']]);
  assert.equal((await ask({ cached: 'model.gguf' })).name, NAME);
  assert.deepEqual(server.state.requests, [0]);
});

test('a download that broke off is kept, and goes on where it ended', async () => {
  server.state.behaviour.breaksAt = 3_000_000;
  const broken = await ask({ url, sha256 });
  assert.equal(broken.kind, 'Network', broken.message);
  const [{ bytes, complete }] = broken.cached;
  assert.ok(bytes > 0 && bytes <= 3_000_000 && !complete, `${bytes}`);
  server.state.behaviour = { ...HONEST };
  const resumed = await ask({ url, sha256 });
  assert.equal(resumed.name, NAME, resumed.message);
  assert.deepEqual(resumed.stages, ['verify', 'download', 'upload']);
  assert.deepEqual(server.state.requests, [0, bytes]);
});

test('a file that changed on the server meanwhile is downloaded anew', async () => {
  server.state.behaviour.breaksAt = 3_000_000;
  await ask({ url });
  server.state.behaviour = { ...HONEST, etag: '"2"' };
  const again = await ask({ url, sha256 });
  assert.equal(again.name, NAME, again.message);
  assert.equal(server.state.requests.at(-1), 0);
});

test('a server that knows no ranges sends everything again', async () => {
  server.state.behaviour = { ...HONEST, breaksAt: 3_000_000, ranges: false };
  await ask({ url });
  server.state.behaviour = { ...HONEST, ranges: false };
  assert.equal((await ask({ url, sha256 })).name, NAME);
});

test('bytes with another checksum are refused and removed', async () => {
  const { kind, message, cached } = await ask({ url, sha256: '0'.repeat(64) });
  assert.equal(kind, 'BadModel');
  assert.match(message, new RegExp(sha256));
  assert.deepEqual(cached, []);
});

test('an address without a model is told as such', async () => {
  const { kind, message } = await ask({ url: '/nothing.gguf' });
  assert.equal(kind, 'Network');
  assert.match(message, /404/);
});

test('a download can be aborted, and what has come stays', async () => {
  server.state.behaviour.breaksAt = 2_000_000;
  const kind = await browser.page.evaluate(async () => {
    const { Gemma } = await import('/index.js');
    const controller = new AbortController();
    const onProgress = ({ stage, done }) => stage === 'download' && done > 0 && controller.abort();
    const failed = await Gemma.load('/model.gguf', { signal: controller.signal, onProgress }).catch((error) => error);
    return failed.name;
  });
  assert.equal(kind, 'Aborted');
});
