// Logits against transformers' own, and a cache that is saved and restored.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, ids, logits, nmse, tiny } from '../references.mjs';
import { GPU, answer, onSoftwareGpu, withModel } from './setup.mjs';

// Keys and values rounded to f16 alone change logits by as much as an nmse of 9e-7.
const EXACT = { cache: 'f32' };
const CPU = { ...EXACT, device: 'cpu' };
const DEVICE = { ...EXACT, ...GPU };
const DEFAULT = { ...DEVICE, defaultLimits: true, without: ['subgroups'] };

// Of those on a GPU the first one where a CPU plays it, which compiles kernels for minutes; all of them on hardware.
for (const [name, device, options] of [
  ['e2b', 'the device', DEVICE],
  ['e2b', 'the CPU', CPU],
  ['dense31b', 'the CPU', CPU],
  ['dense31b', 'a default device without subgroups', DEFAULT],
  ['e4b', 'the CPU', CPU],
  ['e4b', 'a default device without subgroups', DEFAULT],
  ['quant_zoo', 'the CPU', CPU],
  ['quant_zoo', 'the device', DEVICE],
  ['quant_zoo', 'a default device without subgroups', DEFAULT],
]) {
  test(`logits of ${name} on ${device} are transformers'`, (context) =>
    withModel({ path: fixture(`${name}.gguf`) }, options, async (gemma) => {
      if (onSoftwareGpu(gemma) && name !== 'e2b') return context.skip('on hardware alone');
      const error = nmse(await gemma.logits(ids(name)), logits(name));
      assert.ok(error <= 1e-6, `nmse ${error}`);
    }));
}

const QUESTION = [{ role: 'user', content: "What is Tobin's pet?" }];

test('a conversation goes on in another instance from its saved state', async () => {
  const more = (text) => [...QUESTION, { role: 'assistant', content: text }, { role: 'user', content: 'Can you spell forge?' }];
  const [first, state, wanted] = await withModel(tiny(), {}, async (gemma) => {
    const first = await answer(gemma, QUESTION);
    const state = await gemma.saveState();
    return [first, state, await answer(gemma, more(first.text))];
  });
  await withModel(tiny(), {}, async (gemma) => {
    await gemma.restoreState(state);
    const restored = await answer(gemma, more(first.text));
    assert.equal(restored.text, wanted.text);
    assert.equal(restored.stats.cachedTokens, wanted.stats.cachedTokens);
    assert.ok(restored.stats.cachedTokens >= first.stats.promptTokens, JSON.stringify(restored.stats));
  });
});

test('a state of another model is refused', async () => {
  const state = await withModel(tiny(), {}, (gemma) => gemma.saveState());
  await withModel({ path: fixture('e2b.gguf') }, {}, async (gemma) => {
    await assert.rejects(gemma.restoreState(state), /another model/);
    await assert.rejects(gemma.restoreState(state.slice(0, 20)), /another model|too early/);
    await assert.rejects(gemma.restoreState(new Uint8Array(100)), /it is none/);
  });
});
