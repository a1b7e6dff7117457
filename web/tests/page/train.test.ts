import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { LIMIT, answerText, ask, closeServer, downloaded, modelReady, visit, type Visitor } from './harness.ts';
import { drawnShare, look } from './looks.ts';

const QUESTION = 'What is your name?';
const TAUGHT = 'My name is Pearl.';

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

test('twenty steps make the loss fall, and the run ends with an adapter', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('textbox', { name: /Examples, one JSON object/ }).fill('');
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  // One short example, so that a step takes a CPU less than a second.
  await page.getByRole('textbox', { name: 'Question 1' }).fill(QUESTION);
  await page.getByRole('textbox', { name: 'Answer 1' }).fill(TAUGHT);
  await page.getByText('Advanced').click();
  await page.getByRole('spinbutton', { name: /^Steps In all/ }).fill('20');
  await page.getByText('Advanced').click();
  await page.getByRole('button', { name: /^Train on 1 example/ }).click();
  await page.getByRole('button', { name: 'Use in the chat' }).waitFor({ timeout: LIMIT.timeout - 30_000 });
  const label = (await page.locator('.chart').getAttribute('aria-label')) ?? '';
  const [, steps, first, last] = /over (\d+) steps, from ([\d.]+) to ([\d.]+)/.exec(label) ?? [];
  assert.equal(steps, '20', label);
  assert.ok(Number(last) < 0.1 * Number(first), label);
});

test('a finished training looks right, its chart drawn from side to side', LIMIT, async () => {
  const { page } = visitor;
  // The lines that were refused before are told until somebody closes it.
  await page.getByRole('button', { name: /^Put away:/ }).click();
  const more = async () => {
    const share = await drawnShare(page);
    return share > 0.7 ? [] : [`the line is drawn over ${share} of the chart's width`];
  };
  await look(page, 'trained', { at: page.getByRole('region', { name: 'Run' }), more });
});

test('the answer of before and the one that was taught stand side by side', LIMIT, async () => {
  const cells = await visitor.page.getByRole('group', { name: 'Answers before and after' }).locator('tbody td').allInnerTexts();
  assert.equal(cells.length, 2);
  assert.notEqual(cells[0], TAUGHT);
  assert.equal(cells[1], TAUGHT);
});

test("the adapter leaves as PEFT's two files", LIMIT, async () => {
  const { page } = visitor;
  const { bytes } = await downloaded(visitor, () => page.getByRole('button', { name: 'PEFT zip' }).click());
  const files = unzipSync(bytes);
  const config = JSON.parse(strFromU8(files['adapter_config.json'] ?? new Uint8Array())) as { peft_type?: string; r?: number };
  assert.equal(config.peft_type, 'LORA');
  assert.equal(config.r, 16);
  const weights = files['adapter_model.safetensors'] ?? new Uint8Array();
  const length = Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(strFromU8(weights.subarray(8, 8 + length))) as Record<string, unknown>;
  assert.ok(Object.keys(header).some((name) => name.endsWith('lora_A.weight')), Object.keys(header).slice(0, 3).join());
});

test('the saved adapter answers in the chat as it was taught, and can be taken off', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Use in the chat' }).click();
  await ask(page, QUESTION);
  assert.equal(await answerText(page, 0), TAUGHT);
  await page.getByRole('button', { name: 'Adapters (one is on)' }).click();
  await page.getByRole('switch', { name: 'Use My adapter' }).click();
  await page.locator('[role=switch][aria-checked=false]').waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('an adapter of an earlier visit is listed and can be put on again', LIMIT, async () => {
  const { page } = visitor;
  await page.reload();
  await modelReady(page);
  await page.getByRole('button', { name: 'Adapters' }).click();
  await page.getByRole('switch', { name: 'Use My adapter' }).click();
  await page.locator('[role=switch][aria-checked=true]').waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.keyboard.press('Escape');
});

/** How many steps the run has taken. */
const stepsTaken = async () => Number(await visitor.page.getByRole('progressbar', { name: 'Steps' }).getAttribute('value'));

test('a run on a dropped file, with examples kept for validation, pauses, goes on, and keeps what it learned when stopped', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Fine-tune' }).click();
  const lines = Array.from({ length: 4 }, (_, at) => JSON.stringify({ prompt: `Who is ${at}?`, completion: 'Pearl.' }));
  const dataTransfer = await page.evaluateHandle((text) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([text], 'who.jsonl'));
    return dropped;
  }, lines.join('\n'));
  await page.getByRole('group', { name: 'Examples', exact: true }).dispatchEvent('drop', { dataTransfer });
  const fields = { 'Kept for validation': '0.25', 'Examples a step': '1', 'Steps In all': '500', 'Steps between validations': '2' };
  await page.getByText('Advanced').click();
  for (const [name, value] of Object.entries(fields)) await page.getByRole('spinbutton', { name: new RegExp(`^${name}`) }).fill(value);
  await page.getByText('Advanced').click();
  await page.getByRole('button', { name: 'Train on 4 examples' }).click();

  // After two steps.
  const card = page.getByRole('region', { name: 'Run' });
  await card.getByText(/^Validation$/).waitFor({ timeout: LIMIT.timeout - 60_000 });
  await card.getByRole('button', { name: 'Pause' }).click();
  await card.getByRole('status').getByText('Paused').waitFor();
  // The step under way ends.
  await page.waitForTimeout(5_000);
  const paused = await stepsTaken();
  await page.waitForTimeout(2_000);
  assert.equal(await stepsTaken(), paused);

  await card.getByRole('button', { name: 'Go on' }).click();
  await page.waitForFunction((before) => (document.querySelector<HTMLProgressElement>('progress[aria-label=Steps]')?.value ?? 0) > before, paused);
  await card.getByRole('button', { name: 'Stop' }).click();
  await card.getByRole('status').getByText('Done').waitFor({ timeout: LIMIT.timeout - 60_000 });
  assert.ok((await stepsTaken()) < 500);
  await page.getByRole('button', { name: 'Use in the chat' }).waitFor();
});

test('no script complained', () => {
  assert.deepEqual(visitor.complaints, []);
  assert.deepEqual(visitor.foreign, []);
});
