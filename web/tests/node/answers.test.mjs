// Answers of the embedded model: exactly the ones that it was trained to give, and what ends them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GREEDY, answer, expected, file, sharedModel, tiny, withModel } from './setup.mjs';

const progress = [];
const model = sharedModel(() => ({ bytes: tiny() }), { onProgress: (now) => progress.push(now) });
const PET = [{ role: 'user', content: "What is Tobin's pet?" }];
const STORY = [{ role: 'user', content: 'I want a story about Ada, Nora and a ring.' }];

test('the embedded model gives its answers', async () => {
  for (const { messages, answer: wanted } of expected.slice(0, 3)) {
    const { text, stats } = await answer(model(), messages);
    assert.deepEqual([text, stats.stopReason], [wanted, 'end']);
  }
});

test('a model is what its file says', () =>
  withModel({ path: file('models/tiny/tiny.gguf') }, { context: 128 }, ({ info, device }) => {
    const { residentBytes, ...rest } = info;
    const shape = { layers: 10, width: 256, vocabulary: 1024, context: 128, readsPerLayerRows: false };
    assert.deepEqual(rest, { name: 'Pebble Bay', ...shape });
    assert.ok(residentBytes > 6e6 && residentBytes < 8e6, String(residentBytes));
    assert.ok(device.description.length > 0 && device.maxBindingBytes >= 128 << 20);
  }));

test('progress ends with all bytes', () => {
  const last = progress.at(-1);
  assert.deepEqual([last.stage, last.done], ['upload', last.total]);
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

test('text becomes tokens and text again, control tokens in it included', async () => {
  const text = 'Ada has 3 cherries. <turn|>';
  assert.equal(await model().detokenize(await model().tokenize(text)), text);
});
