// What goes wrong is told by its class and its cause.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Aborted, BadAdapter, BadModel, DatasetError, DeviceLost, Gemma, GemmuleError } from 'gemmule';
import { COUNT, tiny } from '../references.mjs';
import { COUNTER, DEFAULT_GPU, answer, sharedModel } from './setup.mjs';

const model = sharedModel(tiny);
const onGpu = sharedModel(() => COUNTER, DEFAULT_GPU);

/** The error that a call throws. */
async function thrown(work) {
  try {
    await work();
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
}

test('a file that is no GGUF is refused', async () => {
  const error = await thrown(() => Gemma.load(new TextEncoder().encode('no model at all, but long enough for a header')));
  assert.ok(error instanceof BadModel, String(error));
  assert.match(error.message, /GGUF/);
});

test('a truncated file is refused with what is missing', async () => {
  const error = await thrown(() => Gemma.load(tiny().slice(0, 1_000_000)));
  assert.ok(error instanceof BadModel, String(error));
  assert.match(error.message, /1000000/);
});

test('a call that was aborted before it began does not begin', async () => {
  assert.ok((await thrown(() => Gemma.load(tiny(), { signal: AbortSignal.abort() }))) instanceof Aborted);
});

test('a load can be aborted while it uploads, and another one is not disturbed', async () => {
  const controller = new AbortController();
  const [failed, loaded] = await Promise.all([
    thrown(() => Gemma.load(tiny(), { signal: controller.signal, onProgress: () => controller.abort() })),
    Gemma.load(tiny()),
  ]);
  assert.ok(failed instanceof Aborted, String(failed));
  assert.equal(loaded.info.layers, 10);
  await loaded.dispose();
});

test('options that cannot be are refused by name', async () => {
  const messages = [{ role: 'user', content: 'Hello' }];
  const unlikely = await thrown(() => answer(model(), messages, { topP: 2 }));
  assert.ok(unlikely instanceof GemmuleError);
  assert.match(unlikely.message, /top_p is 2/);
  assert.match((await thrown(() => model().logits([1, 5000]))).message, /token 5000/);
});

test('a dataset is refused with all of its bad lines', async () => {
  const lines = ['{"prompt": "a", "completion": "b"}', '{"prompt": 1}', 'nothing'].join('\n');
  const error = await thrown(() => model().train(lines).next());
  assert.ok(error instanceof DatasetError, String(error));
  assert.deepEqual(error.lines.map(({ line }) => line), [2, 3]);
});

test('an adapter that is none is refused', async () => {
  const error = await thrown(() => model().loadAdapter({ gguf: tiny() }));
  assert.ok(error instanceof BadAdapter, String(error));
});

test('an answer goes on where its device was lost, and says the same', async () => {
  const { lost } = onGpu();
  let text = '';
  let pieces = 0;
  for await (const part of onGpu().chat([{ role: 'user', content: 'a' }], { temperature: 0 })) {
    text += part.text;
    pieces += 1;
    if (pieces === 2) await onGpu().loseDevice();
  }
  assert.ok((await lost) instanceof DeviceLost);
  assert.equal(text, COUNT);
});

test('the next call after a lost device opens another one', async () => {
  const { lost } = onGpu();
  await onGpu().loseDevice();
  await lost;
  assert.equal((await onGpu().tokenize('abc')).length > 0, true);
  const again = onGpu().lost;
  assert.equal(await Promise.race([again, new Promise((resolve) => setTimeout(resolve, 100, 'there'))]), 'there');
});

test('after it was disposed of, a model refuses calls', async () => {
  const gemma = await Gemma.load(tiny());
  await gemma.dispose();
  assert.match((await thrown(() => gemma.tokenize('a'))).message, /disposed/);
});
