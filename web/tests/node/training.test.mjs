// Training against PyTorch's and PEFT's own figures, and adapters that come out of it and go in again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adamw, assertGradients, assertSteps, example, fixture, peft, tiny } from '../references.mjs';
import { answer, onSoftwareGpu, sharedModel, withModel } from './setup.mjs';

async function checkGradients(gemma, name) {
  assertGradients(name, await gemma.gradients(example(name), { init: peft(name), batch: 1 }));
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
  const wanted = adamw();
  // Twenty on hardware; each takes a while on a CPU that plays a GPU.
  const count = onSoftwareGpu(e2b()) ? 3 : wanted.losses.length;
  const steps = [];
  for await (const part of e2b().train(example('e2b'), { ...wanted.options, init: peft('e2b'), steps: count })) {
    if (part.type === 'step') steps.push(part);
  }
  assert.equal(steps.length, count);
  assertSteps(steps, wanted);
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
