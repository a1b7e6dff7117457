// Answers of the embedded model: exactly the ones that it was trained to give, whatever the device has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expected, file, tiny } from '../references.mjs';
import { DEFAULT_GPU, GPU, GREEDY, answer, onSoftwareGpu, sharedModel, withModel } from './setup.mjs';

const model = sharedModel(() => ({ bytes: tiny() }));
const PET = [{ role: 'user', content: "What is Tobin's pet?" }];
const STORY = [{ role: 'user', content: 'I want a story about Ada, Nora and a ring.' }];

test('the embedded model gives its answers', async () => {
  for (const { messages, answer: wanted } of expected.slice(0, 3)) {
    const { text, stats } = await answer(model(), messages);
    assert.deepEqual([text, stats.stopReason], [wanted, 'end']);
  }
});

test('it gives them within the limits of a default WebGPU device, without subgroups and f16', (context) =>
  withModel(new Blob([tiny()]), DEFAULT_GPU, async (gemma) => {
    assert.deepEqual(gemma.device.features, []);
    assert.equal(gemma.device.maxBindingBytes, 128 << 20);
    if (onSoftwareGpu(gemma)) return context.skip('the answers on hardware alone');
    const { messages, answer: wanted } = expected[0];
    assert.equal((await answer(gemma, messages)).text, wanted);
  }));

test('a model is what its file says, and all of it is loaded', () => {
  const progress = [];
  const options = { ...GPU, context: 128, onProgress: (now) => progress.push(now) };
  return withModel({ path: file('models/tiny/tiny.gguf') }, options, ({ info, device }) => {
    const { residentBytes, ...rest } = info;
    const shape = { layers: 10, width: 256, vocabulary: 1024, context: 128, readsPerLayerRows: false };
    assert.deepEqual(rest, { name: 'Pebble Bay', ...shape });
    assert.ok(residentBytes > 6e6 && residentBytes < 8e6, String(residentBytes));
    assert.ok(device.description.length > 0 && device.maxBindingBytes >= 128 << 20);
    const last = progress.at(-1);
    assert.deepEqual([last.stage, last.done], ['upload', last.total]);
  });
});

test('how much memory a model takes is told, on the device and in the worker', async () => {
  const { deviceBytes, wasmBytes } = await model().memory();
  assert.ok(deviceBytes >= model().info.residentBytes, String(deviceBytes));
  // Whole pages.
  assert.ok(wasmBytes % 65536 === 0 && wasmBytes > 2 ** 20, String(wasmBytes));
});

test('a conversation that goes on finds what it said before in the cache', async () => {
  const first = await answer(model(), PET);
  assert.equal(first.text, 'Tobin has a parrot.');
  const more = [...PET, { role: 'assistant', content: first.text }, { role: 'user', content: 'Can you spell forge?' }];
  const { stats } = await answer(model(), more, { maxTokens: 2 });
  assert.ok(stats.cachedTokens >= first.stats.promptTokens, JSON.stringify(stats));
  assert.ok(stats.cachedTokens < stats.promptTokens, JSON.stringify(stats));
});

test('a signal stops an answer, which says so', async () => {
  const controller = new AbortController();
  const parts = [];
  for await (const part of model().chat(STORY, { ...GREEDY, signal: controller.signal })) {
    parts.push(part);
    if (parts.length === 3) controller.abort();
  }
  const { stats } = parts.at(-1);
  assert.equal(stats.stopReason, 'aborted');
  assert.ok(stats.answerTokens < 20, JSON.stringify(stats));
});

test('leaving the loop stops an answer, and the next one is not disturbed', async () => {
  for await (const part of model().chat(STORY, GREEDY)) if (part.text) break;
  assert.equal((await answer(model(), PET)).text, 'Tobin has a parrot.');
});

test('an answer ends before a stop text, and after as many tokens as it may have', async () => {
  const stopped = await answer(model(), PET, { stop: [' parrot'] });
  assert.deepEqual([stopped.text, stopped.stats.stopReason], ['Tobin has a', 'stop']);
  const short = await answer(model(), PET, { maxTokens: 2 });
  assert.deepEqual([short.stats.answerTokens, short.stats.stopReason], [2, 'length']);
});

test('a full context ends an answer', () =>
  withModel(tiny(), { context: 26 }, async (gemma) => {
    const { stats } = await answer(gemma, STORY);
    // Nothing comes after an answer's last token, which need not fit.
    assert.deepEqual([stats.stopReason, stats.promptTokens + stats.answerTokens], ['context', 27]);
  }));

test('the same seed gives the same answer', async () => {
  const sampled = { temperature: 1.5, topK: 0, topP: 1, seed: 7, maxTokens: 12 };
  assert.equal((await answer(model(), STORY, sampled)).text, (await answer(model(), STORY, sampled)).text);
});

test('text becomes tokens and text again, control tokens in it included', async () => {
  const text = 'Ada has 3 cherries. <turn|>';
  assert.equal(await model().detokenize(await model().tokenize(text)), text);
});
