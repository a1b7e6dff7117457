// What is delivered: its size, its kernels, and that they are what the repository has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { MissingFeature, kernels, measureKernels } from 'gemmule';
import { file } from '../references.mjs';
import './setup.mjs';

const dist = (name) => readFileSync(file(`web/gemmule/dist/${name}`));

test('the wasm is at most 1.5 MB with brotli, the JavaScript at most 60 kB', () => {
  // A server's best quality saves some more, and takes a minute.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  const wasm = brotliCompressSync(dist('gemmule_web_bg.wasm'), { params }).length;
  assert.ok(wasm <= 1_500_000, `${wasm} bytes of wasm`);
  const script = dist('index.js').length + dist('worker.js').length;
  assert.ok(script <= 60_000, `${script} bytes of JavaScript`);
});

test('the wasm with all kernels carries no emitter and no naga', () => {
  // As it leaves wasm-bindgen, where functions still have their names.
  const wasm = readFileSync(file('web/gemmule/src/wasm/gemmule_web_bg.wasm')).toString('latin1');
  assert.ok(wasm.includes('kernel::dispatch::'), 'functions have names');
  assert.doesNotMatch(wasm, /naga::(front|valid)|kernel::emit/);
});

test('every kernel has its Rust, its WGSL and its cost', async () => {
  const all = await kernels();
  assert.ok(all.length > 100, `${all.length} kernels`);
  for (const { name, file: path, source, wgsl, cost } of all) {
    const text = readFileSync(file(path), 'utf8');
    assert.ok(source.includes('#[kernel(') && text.includes(source), name);
    assert.ok(wgsl.includes('@compute'), name);
    assert.match(cost, /bytes read: .+\nbytes written: .+\noperations: .+/);
  }
  const subgroups = all.find(({ name }) => name.startsWith('rms_norm<Subgroups'));
  assert.ok(subgroups.wgsl.startsWith('enable subgroups;\n'), subgroups.wgsl.slice(0, 80));
});

test('kernels are timed one after the other, by the wall clock where there are no timestamps, and one that is refused says why', async () => {
  const parts = [];
  const names = ['map<Scale, 256>', 'halve<Tree<256>>', 'none', 'zip<AddScaled, 256>'];
  for await (const part of measureKernels(names, { without: ['shader-f16', 'timestamp-query'] })) parts.push(part);
  // An unknown name, unlike a feature that is missing, makes a new device for the next one.
  assert.deepEqual(parts.map(({ type, name }) => name ?? type), ['device', ...names.slice(0, 3), 'device', names[3]]);
  const [device, scale, halve, none, , zip] = parts;
  assert.deepEqual(device.device.features.filter((feature) => feature !== 'subgroups'), []);
  const { microseconds, clock, shape, groups, bytes, operations } = scale.time;
  assert.ok(microseconds > 0 && zip.time.microseconds > 0);
  assert.deepEqual([clock, shape, groups], ['wall', 'n=786432', 3072]);
  // Each of its values is read and written once, and multiplied.
  assert.deepEqual([bytes, operations], [2 * 4 * 786432, 786432]);
  assert.ok(halve.error instanceof MissingFeature, String(halve.error));
  assert.match(none.error.message, /no kernel variant is named `none`/);
});
