// What transformers, PyTorch and PEFT computed of the small models in tests/fixtures, and what the embedded model answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The repository. */
export const root = path.resolve(import.meta.dirname, '../..');

export const file = (name) => path.join(root, name);
export const fixture = (name) => file(`tests/fixtures/${name}`);
export const tiny = () => new Uint8Array(readFileSync(file('models/tiny/tiny.gguf')));

/**
 * The embedded model's conversations with their greedy answers.
 * @type {{ messages: { role: 'system' | 'user' | 'assistant', content: string }[], answer: string }[]}
 */
export const expected = readFileSync(file('models/tiny/expected.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** What `counter.gguf`, a model of a dozen kernels, answers, whatever it is asked. */
export const COUNT = 'one two three four five six seven eight nine ten eleven twelve.';

/** The tokens of a fixture's prompt. */
export const ids = (name) => readFileSync(fixture(`${name}.ids`), 'utf8').trim().split(/\s+/).map(Number);

/** The logits of a fixture's last token. */
export const logits = (name) => npy(fixture(`${name}.logits.npy`));

/** A fixture's adapter, in PEFT's files. */
export const peft = (name) => ({
  config: readFileSync(fixture(`${name}.lora/adapter_config.json`), 'utf8'),
  weights: new Uint8Array(readFileSync(fixture(`${name}.lora/adapter_model.safetensors`))),
});

// What the figures of training were made with: nothing is learned before this position.
const FIRST_LABEL = 16;

/** The example that a fixture's gradients are of, as a line of a dataset. */
export function example(name) {
  const tokens = ids(name);
  const labels = tokens.map((id, at) => (at < FIRST_LABEL ? -100 : id));
  return JSON.stringify({ ids: tokens, labels });
}

/** Holds an adapter's gradients, by name, against autograd's: at most 1e-3 of their size apart. */
export function assertGradients(name, gradients) {
  const wanted = safetensors(fixture(`${name}.lora.gradients.safetensors`));
  wanted.delete('loss');
  assert.deepEqual([...gradients.keys()].sort(), [...wanted.keys()].sort());
  for (const [key, values] of gradients) {
    const error = Math.sqrt(nmse(values, wanted.get(key)));
    assert.ok(error <= 1e-3, `${key}: relative error ${error}`);
  }
}

/** PyTorch's 20 steps of AdamW on the example of e2b: `losses`, `gradient_norms`, and the options that they were made with. */
export function adamw() {
  const { adamw, clip, losses, gradient_norms: norms } = JSON.parse(readFileSync(fixture('e2b.lora.adamw.json'), 'utf8'));
  const rate = { learningRate: adamw.lr, weightDecay: adamw.weight_decay, clip, schedule: 'constant', warmup: 0 };
  return { losses, norms, options: { batch: 1, ...rate } };
}

/** Holds as many steps as there are against PyTorch's. */
export function assertSteps(steps, { losses, norms }) {
  for (const [at, { loss, gradientNorm }] of steps.entries()) {
    assert.ok(Math.abs(loss - losses[at]) <= 5e-3, `step ${at}: ${loss}, expected ${losses[at]}`);
    assert.ok(Math.abs(gradientNorm - norms[at]) <= 1e-2 * norms[at], `step ${at}: ${gradientNorm}`);
  }
}

/** Σ(a−b)² / Σ b². */
export function nmse(actual, wanted) {
  if (actual.length !== wanted.length) throw new Error(`${actual.length} numbers, not ${wanted.length}`);
  let [error, energy] = [0, 0];
  for (let i = 0; i < wanted.length; i += 1) {
    error += (actual[i] - wanted[i]) ** 2;
    energy += wanted[i] ** 2;
  }
  return error / energy;
}

/** The numbers of a little-endian f32 `.npy` file (NumPy's format 1.0). */
function npy(name) {
  const bytes = readFileSync(name);
  const start = 10 + bytes.readUInt16LE(8);
  if (!bytes.toString('latin1', 10, start).includes('<f4')) throw new Error(`${name} is not of f32`);
  return new Float32Array(Uint8Array.from(bytes.subarray(start)).buffer);
}

/** The tensors of a safetensors file, which are all of f32. */
function safetensors(name) {
  const bytes = readFileSync(name);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  delete header.__metadata__;
  const values = ([from, to]) => new Float32Array(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer);
  return new Map(Object.entries(header).map(([key, { data_offsets }]) => [key, values(data_offsets)]));
}
