import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { LIMIT, closeServer, modelReady, visit, type Visitor } from './harness.ts';

let visitor: Visitor;

before(async () => {
  visitor = await visit();
  await visitor.page.getByRole('link', { name: 'Fine-tune' }).click();
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('a bad line is named with what is wrong, and nothing is trained', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'JSONL', exact: true }).click();
  const box = page.getByRole('textbox', { name: /Examples, one JSON object/ });
  await box.fill('{"prompt": "What is your name?", "completion": "Pearl."}\n{"prompt": \n{"prompt": "x"}');
  await page.getByRole('button', { name: /^Train on 3/ }).click();
  const errors = page.getByRole('list', { name: 'Lines that cannot be used' });
  await errors.waitFor({ timeout: LIMIT.timeout - 30_000 });
  assert.match(await errors.innerText(), /Line 2/);
  assert.match(await errors.innerText(), /Line 3/);
  await page.getByText('Not trained').waitFor();
});

test('the loss falls from step to step, and the run ends with an adapter', LIMIT, async () => {
  const { page } = visitor;
  // A text asks no question, so that this takes the steps' time alone: in software half a minute each and more.
  await page.getByRole('textbox', { name: /Examples, one JSON object/ }).fill('{"text": "My name is Pearl."}');
  await page.getByText('Advanced').click();
  await page.getByRole('spinbutton', { name: /^Steps In all/ }).fill('3');
  await page.getByRole('button', { name: /^Train on 1 example/ }).click();
  await page.getByRole('button', { name: 'Use in the chat' }).waitFor({ timeout: LIMIT.timeout - 30_000 });
  const label = (await page.locator('.chart').getAttribute('aria-label')) ?? '';
  const [, steps, first, last] = /over (\d+) steps, from ([\d.]+) to ([\d.]+)/.exec(label) ?? [];
  assert.equal(steps, '3', label);
  assert.ok(Number(last) < Number(first) - 0.5, label);
});

test("the adapter leaves as PEFT's two files", LIMIT, async () => {
  const { page } = visitor;
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'PEFT zip' }).click()]);
  const files = unzipSync(new Uint8Array(readFileSync(await download.path())));
  const config = JSON.parse(strFromU8(files['adapter_config.json'] ?? new Uint8Array())) as { peft_type?: string; r?: number };
  assert.equal(config.peft_type, 'LORA');
  assert.equal(config.r, 16);
  const weights = files['adapter_model.safetensors'] ?? new Uint8Array();
  const length = Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(strFromU8(weights.subarray(8, 8 + length))) as Record<string, unknown>;
  assert.ok(Object.keys(header).some((name) => name.endsWith('lora_A.weight')), Object.keys(header).slice(0, 3).join());
});

test('the saved adapter is on in the chat, and can be taken off', LIMIT, async () => {
  const { page } = visitor;
  // The bad lines of before are still told.
  const told = await page.getByRole('alert').count();
  await page.getByRole('button', { name: 'Use in the chat' }).click();
  await page.getByRole('button', { name: 'Adapters (one is on)' }).click();
  await page.getByRole('switch', { name: 'Use My adapter' }).click();
  await page.locator('[role=switch][aria-checked=false]').waitFor();
  assert.equal(await page.getByRole('alert').count(), told);
});

test('an adapter of an earlier visit is listed and can be put on again', LIMIT, async () => {
  const { page } = visitor;
  await page.reload();
  await modelReady(page);
  await page.getByRole('button', { name: 'Adapters' }).click();
  await page.getByRole('switch', { name: 'Use My adapter' }).click();
  await page.locator('[role=switch][aria-checked=true]').waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('no script complained', () => {
  assert.deepEqual(visitor.complaints, []);
  assert.deepEqual(visitor.foreign, []);
});
