// What the package computes in a browser, on its WebGPU as well: transformers' logits, autograd's gradients, PyTorch's steps.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BROWSER, open } from '../browsers.ts';
import {
  COUNT,
  adamw,
  assertGradients,
  assertSteps,
  example,
  expected,
  file,
  ids,
  logits,
  nmse,
  peft,
} from '../references.mjs';
import { serve } from './server.mjs';

/** Every number below is of a GPU, which here a CPU plays; where it compiles kernels for minutes, training is the CPU's own. */
const GPU = { device: 'gpu' };
const TRAINER = BROWSER === 'firefox' ? GPU : { device: 'cpu' };

/** A device as every browser with WebGPU has it. */
const DEFAULT_GPU = { ...GPU, defaultLimits: true, without: ['subgroups', 'shader-f16', 'timestamp-query'] };

const LIMIT = { timeout: 300_000 };

let server;
let browser;
before(async () => {
  server = await serve(file('web/gemmule/dist'), Buffer.alloc(0));
  browser = await open();
  await browser.page.goto(server.origin);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Loads a model in the page for one test, which frees it. */
async function withModel(name, options, work) {
  const gemma = await browser.page.evaluateHandle(
    async ({ name, options }) => {
      const { Gemma } = await import('/index.js');
      return Gemma.load(await (await fetch(`/repository/${name}`)).blob(), options);
    },
    { name, options },
  );
  try {
    return await work(gemma);
  } finally {
    await gemma.evaluate((model) => model.dispose());
    await gemma.dispose();
  }
}

/** The text of an answer. */
function answer(gemma, content) {
  return gemma.evaluate(async (model, content) => {
    let text = '';
    for await (const part of model.chat([{ role: 'user', content }], { temperature: 0 })) text += part.text;
    return text;
  }, content);
}

test("on WebGPU, with f16 or subgroups as the browser has them, logits are transformers'", LIMIT, () =>
  // Keys and values rounded to f16 alone would change logits by as much as is allowed here.
  withModel('tests/fixtures/e2b.gguf', { ...GPU, cache: 'f32' }, async (gemma) => {
    const features = await gemma.evaluate(({ device }) => device.features);
    const [has, lacks] = BROWSER === 'firefox' ? ['shader-f16', 'subgroups'] : ['subgroups', 'shader-f16'];
    assert.ok(features.includes(has) && !features.includes(lacks), features.join());
    const actual = await gemma.evaluate(async (model, ids) => [...(await model.logits(ids))], ids('e2b'));
    const error = nmse(actual, logits('e2b'));
    assert.ok(error <= 1e-6, `nmse ${error}`);
  }));

test('a device within default limits, without f16 and subgroups, answers exactly', LIMIT, () =>
  withModel('tests/fixtures/counter.gguf', DEFAULT_GPU, async (gemma) => {
    const device = await gemma.evaluate(({ device }) => ({ ...device }));
    assert.deepEqual([device.features, device.maxBindingBytes], [[], 128 << 20]);
    assert.equal(await answer(gemma, 'a'), COUNT);
  }));

test('the embedded model answers exactly on such a device', { ...LIMIT, skip: BROWSER === 'chromium' && 'SwiftShader compiles its kernels for minutes' }, () =>
  withModel('models/tiny/tiny.gguf', DEFAULT_GPU, async (gemma) => {
    const [{ messages, answer: wanted }] = expected;
    assert.equal(await answer(gemma, messages[0].content), wanted);
  }));

/** An example's gradients and the steps that the options ask for, in the page. */
async function learn(gemma, line, options) {
  const { gradients, steps } = await gemma.evaluate(
    async (model, { line, options }) => {
      const { init } = options;
      // Bytes cross into the page as text.
      if (init) init.weights = Uint8Array.from(atob(init.weights), (each) => each.charCodeAt(0));
      const gradients = await model.gradients(line, options);
      const steps = [];
      for await (const part of model.train(line, options)) if (part.type === 'step') steps.push(part);
      return { gradients: [...gradients].map(([name, values]) => [name, [...values]]), steps };
    },
    { line, options },
  );
  return { gradients: new Map(gradients), steps };
}

test("gradients are autograd's, and twenty steps have PyTorch's losses", LIMIT, () =>
  withModel('tests/fixtures/e2b.gguf', TRAINER, async (gemma) => {
    const wanted = adamw();
    const { config, weights } = peft('e2b');
    const init = { config, weights: Buffer.from(weights).toString('base64') };
    const options = { ...wanted.options, init, steps: wanted.losses.length };
    const { gradients, steps } = await learn(gemma, example('e2b'), options);
    assertGradients('e2b', gradients);
    assert.equal(steps.length, 20);
    assertSteps(steps, wanted);
  }));

test('a GPU, even one that a CPU plays, learns as the CPU does', LIMIT, async () => {
  const line = JSON.stringify({ prompt: 'a', completion: 'b a c' });
  const options = { rank: 2, batch: 1, steps: 20, learningRate: 1e-2, seed: 1 };
  const on = (device) => withModel('tests/fixtures/counter.gguf', device, (gemma) => learn(gemma, line, options));
  const [actual, wanted] = [await on(GPU), await on({ device: 'cpu' })];
  assert.deepEqual([...actual.gradients.keys()], [...wanted.gradients.keys()]);
  for (const [key, values] of actual.gradients) {
    // An adapter starts with B = 0, so that A has no gradient.
    if (key.includes('lora_A')) assert.ok(values.every((value) => value === 0), key);
    else assert.ok(Math.sqrt(nmse(values, wanted.gradients.get(key))) <= 1e-4, key);
  }
  assert.equal(actual.steps.length, 20);
  for (const [at, { loss, gradientNorm }] of actual.steps.entries()) {
    const reference = wanted.steps[at];
    assert.ok(Math.abs(loss - reference.loss) <= 1e-3 * reference.loss, `step ${at}: ${loss}, expected ${reference.loss}`);
    assert.ok(Math.abs(gradientNorm - reference.gradientNorm) <= 1e-2 * reference.gradientNorm, `step ${at}: ${gradientNorm}`);
  }
  assert.ok(actual.steps.at(-1).loss < actual.steps[0].loss);
});
