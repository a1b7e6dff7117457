import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strToU8, zipSync } from 'fflate';
import { fromZip, toZip } from './adapters.ts';

const FILES = { config: '{"r": 4}', weights: new Uint8Array([1, 2, 3, 255]) };

test("PEFT's files survive the zip", async () => {
  const { config, weights } = await fromZip(await toZip(FILES));
  assert.equal(config, FILES.config);
  assert.deepEqual([...weights], [...FILES.weights]);
});

test('files are found in a folder of the zip', async () => {
  const zip = zipSync({ 'my/adapter_config.json': strToU8('{}'), 'my/adapter_model.safetensors': FILES.weights, 'my/README.md': strToU8('#') });
  assert.equal((await fromZip(zip)).config, '{}');
});

test('a zip without weights and a file that is no zip are refused with their reason', async () => {
  await assert.rejects(fromZip(zipSync({ 'adapter_config.json': strToU8('{}') })), /no adapter_model.safetensors/);
  await assert.rejects(fromZip(strToU8('hello')), /not a zip file/);
});
