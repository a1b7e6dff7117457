import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../chromium/server.mjs';
import { Firefox, firefoxPath } from './bidi.ts';
import { FIXTURES, LIMIT, address, closeServer, expected } from './harness.ts';

const PACKAGE = fileURLToPath(new URL('../../gemmule/dist', import.meta.url));

const path = firefoxPath();
const OPTIONS = { ...LIMIT, skip: path ? false : 'no Firefox: apt-get install firefox-esr, or set FIREFOX to its path' };

let firefox: Firefox;

before(async () => {
  if (path) firefox = await Firefox.start(path);
});
after(async () => {
  if (path) await firefox.close();
  await closeServer();
});

/** What the page says that it computes on, and its answer. */
async function answerOn(query: string): Promise<{ device: string; answer: string }> {
  await firefox.open((await address()) + query);
  const device = await firefox.until(() => /^Pebble Bay on (.*)/.exec(document.querySelector('.under')?.textContent ?? '')?.[1]);
  await firefox.evaluate(() => document.querySelector<HTMLTextAreaElement>('textarea')?.focus());
  await firefox.type("What is Tobin's pet?\n");
  const answer = await firefox.until(() => document.querySelector('.turn.answer:not([aria-busy]) .prose')?.textContent);
  return { device, answer: answer.trim() };
}

test('in Firefox the embedded model answers exactly, on the CPU where a CPU would play the GPU', OPTIONS, async () => {
  const { device, answer } = await answerOn('');
  assert.ok(device === 'CPU, in WebAssembly (no GPU: slow)' || !device.includes('no GPU'), device);
  assert.equal(answer, expected("What is Tobin's pet?"));
  assert.deepEqual(firefox.complaints, []);
});

test('in Firefox the embedded model answers exactly on a GPU, even one that a CPU plays, when it is asked to', OPTIONS, async () => {
  const { device, answer } = await answerOn('?device=gpu');
  assert.doesNotMatch(device, /CPU/);
  assert.equal(answer, expected("What is Tobin's pet?"));
  assert.deepEqual(firefox.complaints, []);
});

test("on Firefox's WebGPU, with f16 and without subgroups, logits are transformers'", OPTIONS, async () => {
  const server = await serve(PACKAGE, readFileSync(join(FIXTURES, 'e2b.gguf')));
  try {
    await firefox.open(server.origin);
    const ids = (readFileSync(join(FIXTURES, 'e2b.ids'), 'utf8').match(/\d+/g) ?? []).map(Number);
    const { features, logits } = await firefox.evaluate(async (ids: number[]) => {
      interface Loaded {
        device: { features: string[] };
        logits(ids: number[]): Promise<Float32Array>;
      }
      type Package = { Gemma: { load(source: Uint8Array, options: object): Promise<Loaded> } };
      const { Gemma } = (await import(`${location.origin}/index.js`)) as Package;
      const model = new Uint8Array(await (await fetch('/model.gguf')).arrayBuffer());
      // Keys and values rounded to f16 alone would change logits by as much as is allowed here.
      const gemma = await Gemma.load(model, { device: 'gpu', cache: 'f32' });
      return { features: gemma.device.features, logits: [...(await gemma.logits(ids))] };
    }, ids);
    assert.ok(features.includes('shader-f16') && !features.includes('subgroups'), features.join());
    const error = nmse(logits, npy(join(FIXTURES, 'e2b.logits.npy')));
    assert.ok(error <= 1e-6, `nmse ${error}`);
    assert.deepEqual(firefox.complaints, []);
  } finally {
    await server.close();
  }
});

function nmse(actual: readonly number[], wanted: Float32Array): number {
  assert.equal(actual.length, wanted.length);
  let [error, energy] = [0, 0];
  wanted.forEach((each, index) => {
    error += ((actual[index] ?? NaN) - each) ** 2;
    energy += each ** 2;
  });
  return error / energy;
}

/** The numbers of a little-endian f32 `.npy` file. */
function npy(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}
