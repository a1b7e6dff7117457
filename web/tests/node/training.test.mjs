// Training against PyTorch's and PEFT's own figures, and adapters that come out of it and go in again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COUNTER, GPU, answer, fixture, ids, nmse, onSoftwareGpu, peft, sharedModel, tiny, withModel } from './setup.mjs';

// What the figures were made with: nothing is learned before this position.
const FIRST_LABEL = 16;

function example(name) {
  const tokens = ids(name);
  const labels = tokens.map((id, at) => (at < FIRST_LABEL ? -100 : id));
  return JSON.stringify({ ids: tokens, labels });
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

async function checkGradients(gemma, name) {
  const wanted = safetensors(fixture(`${name}.lora.gradients.safetensors`));
  wanted.delete('loss');
  const gradients = await gemma.gradients(example(name), { init: peft(name), batch: 1 });
  assert.deepEqual([...gradients.keys()].sort(), [...wanted.keys()].sort());
  for (const [key, values] of gradients) {
    const error = Math.sqrt(nmse(values, wanted.get(key)));
    assert.ok(error <= 1e-3, `${key}: relative error ${error}`);
  }
}

const e2b = sharedModel(() => ({ path: fixture('e2b.gguf') }));

test("gradients of e2b are autograd's", () => checkGradients(e2b(), 'e2b'));

for (const name of ['e4b', 'dense31b', 'quant_zoo']) {
  test(`gradients of ${name} are autograd's`, (context) =>
    withModel({ path: fixture(`${name}.gguf`) }, {}, (gemma) => {
      if (onSoftwareGpu(gemma)) return context.skip('on hardware alone');
      return checkGradients(gemma, name);
    }));
}

test('steps of AdamW have the losses of PyTorch', async () => {
  const { adamw, clip, losses, gradient_norms: norms } = JSON.parse(readFileSync(fixture('e2b.lora.adamw.json')));
  const steps = [];
  // Twenty on hardware; each takes a while on a CPU that plays a GPU.
  if (onSoftwareGpu(e2b())) losses.length = 3;
  const rate = { learningRate: adamw.lr, weightDecay: adamw.weight_decay, clip, schedule: 'constant', warmup: 0 };
  for await (const part of e2b().train(example('e2b'), { init: peft('e2b'), batch: 1, steps: losses.length, ...rate })) {
    if (part.type === 'step') steps.push(part);
  }
  assert.equal(steps.length, losses.length);
  for (const [at, { loss, gradientNorm }] of steps.entries()) {
    assert.ok(Math.abs(loss - losses[at]) <= 5e-3, `step ${at}: ${loss}, expected ${losses[at]}`);
    assert.ok(Math.abs(gradientNorm - norms[at]) <= 1e-2 * norms[at], `step ${at}: ${gradientNorm}`);
  }
});

/** One example's gradients, then the losses and gradient norms of 20 steps on it. */
async function learned(options) {
  const example = JSON.stringify({ prompt: 'a', completion: 'b a c' });
  const hyperparameters = { rank: 2, batch: 1, steps: 20, learningRate: 1e-2, seed: 1 };
  return withModel(COUNTER, options, async (gemma) => {
    const gradients = await gemma.gradients(example, hyperparameters);
    const steps = [];
    for await (const part of gemma.train(example, hyperparameters)) {
      if (part.type === 'step') steps.push([part.loss, part.gradientNorm]);
    }
    return { gradients, steps };
  });
}

test('a GPU, even one that a CPU plays, learns as the CPU does', async () => {
  const [actual, wanted] = [await learned(GPU), await learned({ device: 'cpu' })];
  assert.deepEqual([...actual.gradients.keys()], [...wanted.gradients.keys()]);
  for (const [key, values] of actual.gradients) {
    const reference = wanted.gradients.get(key);
    // An adapter starts with B = 0, so that A has no gradient.
    if (key.includes('lora_A')) assert.ok(values.every((value) => value === 0), key);
    else assert.ok(Math.sqrt(nmse(values, reference)) <= 1e-4, key);
  }
  assert.equal(actual.steps.length, 20);
  for (const [at, [loss, norm]] of actual.steps.entries()) {
    const [wantedLoss, wantedNorm] = wanted.steps[at];
    assert.ok(Math.abs(loss - wantedLoss) <= 1e-3 * wantedLoss, `step ${at}: ${loss}, expected ${wantedLoss}`);
    assert.ok(Math.abs(norm - wantedNorm) <= 1e-2 * wantedNorm, `step ${at}: ${norm}, expected ${wantedNorm}`);
  }
});

test('an adapter changes answers, and unloading it takes that back', async () => {
  const messages = [{ role: 'user', content: 'a' }];
  const said = async () => (await answer(e2b(), messages, { maxTokens: 4 })).text;
  const plain = await said();
  await e2b().loadAdapter(peft('e2b'));
  assert.notEqual(await said(), plain);
  await e2b().unloadAdapter();
  assert.equal(await said(), plain);
});

const FACTS = Array.from({ length: 12 }, (_, at) => {
  const messages = [
    { role: 'user', content: `What is word ${at % 4}?` },
    { role: 'assistant', content: ['A ring.', 'A parrot.', 'A lemon tart.', 'A storm.'][at % 4] },
  ];
  return JSON.stringify({ messages });
}).join('\n');

const pebbleBay = sharedModel(tiny);

test('a run reports its steps, validates, samples, and its adapter answers as it was taught', async () => {
  const gemma = pebbleBay();
  const question = 'What is word 2?';
  const options = { steps: 20, batch: 4, rank: 8, learningRate: 2e-3, validation: 0.25, validationInterval: 10, seed: 3 };
  const parts = [];
  for await (const part of gemma.train(FACTS, { ...options, sample: question })) parts.push(part);
  const steps = parts.filter(({ type }) => type === 'step');
  assert.deepEqual(steps.map(({ step }) => step), Array.from({ length: 20 }, (_, at) => at + 1));
  assert.ok(steps.at(-1).loss < 0.5 * steps[0].loss, `${steps[0].loss} to ${steps.at(-1).loss}`);
  assert.equal(steps.at(-1).leftMs, 0);
  const validations = parts.filter(({ type }) => type === 'validation');
  assert.deepEqual(validations.map(({ step }) => step), [10, 20]);
  assert.ok(validations[1].loss < validations[0].loss);
  const end = parts.at(-1);
  assert.equal(end.type, 'end');
  await gemma.loadAdapter(end.adapter);
  const { text } = await answer(gemma, [{ role: 'user', content: question }], { maxTokens: 96 });
  assert.equal(text, validations[1].sample);
  await gemma.unloadAdapter();
});

test('a signal ends a run, which keeps what was learned', async () => {
  const controller = new AbortController();
  const parts = [];
  for await (const part of pebbleBay().train(FACTS, { steps: 50, signal: controller.signal })) {
    parts.push(part);
    if (parts.length === 2) controller.abort();
  }
  const end = parts.at(-1);
  assert.deepEqual([end.type, end.steps], ['end', 2]);
  assert.ok(end.adapter.weights.byteLength > 1000);
  assert.equal(JSON.parse(end.adapter.config).peft_type, 'LORA');
});

test('a run that nobody asks for its next part waits, and the model answers meanwhile', async () => {
  const run = pebbleBay().train(FACTS, { steps: 50 });
  assert.equal((await run.next()).value.step, 1);
  const { text } = await answer(pebbleBay(), [{ role: 'user', content: "What is Tobin's pet?" }]);
  assert.equal(text, 'Tobin has a parrot.');
  assert.equal((await run.next()).value.step, 2);
  await run.return();
});
