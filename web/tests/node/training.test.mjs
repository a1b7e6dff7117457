// Training against PyTorch's and PEFT's own figures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture, ids, nmse, onSoftware, peft, sharedModel, withModel } from './setup.mjs';

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
      if (onSoftware(gemma)) return context.skip('on hardware alone');
      return checkGradients(gemma, name);
    }));
}

test('steps of AdamW have the losses of PyTorch', async () => {
  const { adamw, clip, losses, gradient_norms: norms } = JSON.parse(readFileSync(fixture('e2b.lora.adamw.json')));
  const steps = [];
  // Twenty on hardware; each takes a while on a CPU that plays a GPU.
  if (onSoftware(e2b())) losses.length = 3;
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
