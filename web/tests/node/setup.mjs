// What the package's tests under Node share: a device, models, and answers as text.
import { existsSync } from 'node:fs';
import os from 'node:os';
import { after, before } from 'node:test';
import { Gemma } from 'gemmule';
import { fixture } from '../references.mjs';

// Dawn refuses some software drivers: where it finds no adapter, Chromium's own is named to it.
const SWIFTSHADER = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/opt/google/chrome/vk_swiftshader_icd.json'];
const software = process.env.GEMMULE_WEB_ICD ?? SWIFTSHADER.find((file) => existsSync(file));
if (!process.env.VK_ICD_FILENAMES && software) process.env.VK_ICD_FILENAMES = software;
// The drivers' loader complains where it is missing.
process.env.XDG_RUNTIME_DIR ??= os.tmpdir();

/** The likeliest tokens. */
export const GREEDY = { temperature: 0, topK: 0, topP: 1 };

/** A WebGPU device, where the package would choose the CPU as well. */
export const GPU = { device: 'gpu' };

/** One as every browser with WebGPU has it. */
export const DEFAULT_GPU = { ...GPU, defaultLimits: true, without: ['subgroups', 'shader-f16', 'timestamp-query'] };

/** A model of so few kernels that a CPU that plays a GPU compiles them in seconds. */
export const COUNTER = { path: fixture('counter.gguf') };

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
