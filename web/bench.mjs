// How fast a model runs under Node on Dawn, Chrome's WebGPU: prefill of 512 tokens, decoding after 32; and what it takes.
// usage: node bench.mjs MODEL.gguf [--without subgroups,shader-f16] [--default-limits]
import { Gemma } from 'gemmule';

const PREFILL = 512;
const PROMPT = 32;
const DECODE = 128;
const RUNS = 3;
// Enough for both, and no more than the embedded model has.
const CONTEXT = 1024;

const [path, ...flags] = process.argv.slice(2);
if (!path) {
  console.error('usage: node bench.mjs MODEL.gguf [--without subgroups,shader-f16] [--default-limits]');
  process.exit(2);
}
const list = flags[flags.indexOf('--without') + 1];
const without = flags.includes('--without') && list ? list.split(',') : [];
const begun = performance.now();
const gemma = await Gemma.load({ path }, { without, defaultLimits: flags.includes('--default-limits'), context: CONTEXT });
console.log(`${gemma.info.name} on ${gemma.device.description} (${gemma.device.features.join(', ') || 'no features'})`);
console.log(`loaded in ${((performance.now() - begun) / 1000).toFixed(2)} s`);
await memory('after the load');

// The wasm's memory never shrinks: its size is its peak.
async function memory(when) {
  const { deviceBytes, wasmBytes } = await gemma.memory();
  console.log(`memory ${when}: ${wasmBytes} bytes in wasm, ${(deviceBytes / 2 ** 20).toFixed(0)} MiB on the device`);
}

// Random text would be tokenised into fewer tokens than it has words: ids are asked for until there are enough.
async function prompt(tokens, salt) {
  let words = `${salt}`;
  while ((await gemma.tokenize(words)).length < tokens) words += ` ${Math.floor(Math.random() * 1000)}`;
  return words;
}

async function figures(tokens, maxTokens) {
  const all = [];
  for (let run = 0; run <= RUNS; run += 1) {
    for await (const part of gemma.generate(await prompt(tokens, run), { temperature: 0, maxTokens })) {
      if (part.type === 'end') all.push(part.stats);
    }
  }
  // The first run compiles pipelines.
  return all.slice(1);
}

const prefills = await figures(PREFILL, 1);
const prefill = prefills.reduce((best, one) => (one.firstTokenMs < best.firstTokenMs ? one : best));
const rate = (prefill.promptTokens - prefill.cachedTokens) / (prefill.firstTokenMs / 1000);
console.log(`prefill ${prefill.promptTokens} tokens: ${rate.toFixed(0)} tokens/s, in ${prefill.firstTokenMs.toFixed(1)} ms`);
const decodes = await figures(PROMPT, DECODE);
const decode = decodes.reduce((best, one) => (one.tokensPerSecond > best.tokensPerSecond ? one : best));
console.log(
  `decode ${decode.answerTokens} tokens after ${decode.promptTokens}: ${decode.tokensPerSecond.toFixed(1)} tokens/s, ` +
    `first after ${decode.firstTokenMs.toFixed(1)} ms`,
);
await memory('at the end');
await gemma.dispose();
