// What the package's tests under Node share: a device, the fixtures, and answers as text.
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { Gemma } from 'gemmule';

export const root = path.resolve(import.meta.dirname, '../../..');

// Dawn refuses some software drivers: where it finds no adapter, Chromium's own is named to it.
const SWIFTSHADER = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/opt/google/chrome/vk_swiftshader_icd.json'];
const software = process.env.GEMMULE_WEB_ICD ?? SWIFTSHADER.find((file) => existsSync(file));
if (!process.env.VK_ICD_FILENAMES && software) process.env.VK_ICD_FILENAMES = software;
// The drivers' loader complains where it is missing.
process.env.XDG_RUNTIME_DIR ??= os.tmpdir();

export const file = (name) => path.join(root, name);
export const tiny = () => new Uint8Array(readFileSync(file('models/tiny/tiny.gguf')));
export const fixture = (name) => file(`tests/fixtures/${name}`);

/** The embedded model's conversations with their greedy answers. */
export const expected = readFileSync(file('models/tiny/expected.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** The likeliest tokens. */
export const GREEDY = { temperature: 0, topK: 0, topP: 1 };

/** A WebGPU device, where the package would choose the CPU as well. */
export const GPU = { device: 'gpu' };

/** One as every browser with WebGPU has it. */
export const DEFAULT_GPU = { ...GPU, defaultLimits: true, without: ['subgroups', 'shader-f16', 'timestamp-query'] };

/** A model of so few kernels that a CPU that plays a GPU compiles them in seconds. */
export const COUNTER = { path: fixture('counter.gguf') };
/** What it answers, whatever it is asked. */
export const COUNT = 'one two three four five six seven eight nine ten eleven twelve.';

/** Whether a CPU plays the GPU: it compiles kernels for so long that what differs by model alone is left to hardware. */
export const onSoftwareGpu = (gemma) => gemma.device.software && !gemma.device.description.startsWith('CPU');

/** Loads a model for all tests of a file, whose kernels are then compiled once. */
export function sharedModel(source, options = {}) {
  let gemma;
  before(async () => (gemma = await Gemma.load(source(), options)));
  after(() => gemma?.dispose());
  return () => gemma;
}

/** Loads a model for one test, which then frees it. */
export async function withModel(source, options, work) {
  const gemma = await Gemma.load(source, options);
  try {
    return await work(gemma);
  } finally {
    await gemma.dispose();
  }
}

/** An answer's text and its figures. */
export async function answer(gemma, messages, options = {}) {
  let text = '';
  let stats;
  for await (const part of gemma.chat(messages, { ...GREEDY, ...options })) {
    text += part.text;
    if (part.type === 'end') stats = part.stats;
  }
  return { text, stats };
}

/** The numbers of a little-endian f32 `.npy` file (NumPy's format 1.0). */
export function npy(name) {
  const bytes = readFileSync(name);
  const start = 10 + bytes.readUInt16LE(8);
  if (!bytes.toString('latin1', 10, start).includes('<f4')) throw new Error(`${name} is not of f32`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
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

/** The tokens of a fixture's prompt. */
export const ids = (name) => readFileSync(fixture(`${name}.ids`), 'utf8').trim().split(/\s+/).map(Number);

/** A fixture's adapter, in PEFT's files. */
export const peft = (name) => ({
  config: readFileSync(fixture(`${name}.lora/adapter_config.json`), 'utf8'),
  weights: new Uint8Array(readFileSync(fixture(`${name}.lora/adapter_model.safetensors`))),
});
