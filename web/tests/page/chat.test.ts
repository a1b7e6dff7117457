import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { file, tiny } from '../references.mjs';
import { ANSWER, LIMIT, answerText, ask, closeServer, downloaded, expected, modelReady, visit, type Visitor } from './harness.ts';

let visitor: Visitor;

before(async () => {
  visitor = await visit();
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('a question sent while the model loads is answered exactly as the reference answers', LIMIT, async () => {
  const { page } = visitor;
  await ask(page, "What is Tobin's pet?");
  assert.equal(await answerText(page), expected("What is Tobin's pet?"));
  // A CPU that plays a GPU is slower than itself.
  const [, device = ''] = /^Pebble Bay on (.*)/.exec(await page.locator('.under').innerText()) ?? [];
  assert.ok(device === 'CPU, in WebAssembly (no GPU: slow)' || !device.includes('no GPU'), device);
  assert.match(await page.locator('.figures').last().innerText(), /\d+ tokens · [\d.]+ tokens\/s · first after .* · [\d.]+ MB/);
});

test('the system turn and the temperature of the options count', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByRole('textbox', { name: /^System turn/ }).fill('Be brief.');
  await page.getByRole('spinbutton', { name: /^Temperature/ }).fill('0');
  await page.getByRole('button', { name: 'Done' }).click();
  await ask(page, "Tell me Ada's favourite colour.");
  assert.equal(await answerText(page, 0), expected("Tell me Ada's favourite colour.", 'Be brief.'));
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByRole('textbox', { name: /^System turn/ }).fill('');
  await page.getByRole('button', { name: 'Done' }).click();
});

test('an answer stops in the middle when told to', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'I want a story about Ada, Nora and a ring.');
  await page.locator('.turn.answer[aria-busy] .prose').waitFor({ timeout: ANSWER });
  await page.getByRole('button', { name: 'Stop' }).click();
  const text = await answerText(page, 0, 30_000);
  assert.match(await page.locator('.figures').last().innerText(), /stopped/);
  const whole = 'A storm blew the ring of Ada all the way to the school. Nora heard of it and helped to look.';
  assert.ok(text.length < whole.length && whole.startsWith(text), `stopped at: ${text}`);
});

test('a question that is edited and sent again takes the place of the old one and its answer', LIMIT, async () => {
  const { page } = visitor;
  await page.locator('.turn.question').hover();
  await page.getByRole('button', { name: 'Edit and send again' }).click();
  await page.getByRole('textbox', { name: 'The question' }).fill("What is Tobin's pet?");
  await page.locator('.turn.editor').getByRole('button', { name: 'Send' }).click();
  await page.locator('.turn.question').getByText("What is Tobin's pet?").waitFor();
  await page.locator('.turn.answer[aria-busy]').waitFor();
  assert.equal(await answerText(page, 0), expected("What is Tobin's pet?"));
  assert.equal(await page.locator('.turn').count(), 2);
});

test('an answer is given again in the place of the first one', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Answer again' }).click();
  await page.locator('.turn.answer[aria-busy]').waitFor();
  assert.equal(await answerText(page, 0), expected("What is Tobin's pet?"));
  assert.equal(await page.locator('.turn').count(), 2);
});

test('conversations are renamed, exported, reopened after a reload, and deleted', LIMIT, async () => {
  const { page } = visitor;
  const list = page.getByRole('navigation', { name: 'Conversations' });
  await list.getByRole('button', { name: /^I want a story/ }).click();
  await list.getByRole('button', { name: /^Rename/ }).click();
  await list.getByRole('textbox', { name: 'Title' }).fill('Sums');
  await list.getByRole('textbox', { name: 'Title' }).press('Enter');
  await page.getByRole('heading', { name: 'Sums' }).waitFor();

  await page.locator('summary[aria-label=Export]').click();
  const { name, bytes } = await downloaded(visitor, () => page.getByRole('button', { name: 'As Markdown' }).click());
  assert.equal(name, 'Sums.md');
  assert.match(new TextDecoder().decode(bytes), /^# Sums\n\n\*\*You\*\*\n\nWhat is Tobin's pet\?\n\n\*\*Gemma\*\*\n\nTobin has a parrot\.\n$/);

  await page.reload();
  await list.getByRole('button', { name: /^Sums/ }).first().click();
  await page.locator('.turn.question').getByText("What is Tobin's pet?").waitFor();
  assert.equal(await answerText(page, 0), 'Tobin has a parrot.');
  await list.getByRole('button', { name: 'Delete Sums' }).click();
  assert.equal(await list.getByRole('button', { name: /^Sums/ }).count(), 0);
  await page.reload();
  await list.getByRole('button', { name: /^Tell me Ada/ }).waitFor();
  assert.equal(await list.getByRole('button', { name: /^Sums/ }).count(), 0);
});

test('a truncated model and a file that is none are refused with what to do, and the embedded one comes back', LIMIT, async () => {
  const { page } = visitor;
  await modelReady(page);
  const whole = Buffer.from(tiny());
  const files = [
    { name: 'half.gguf', mimeType: 'application/octet-stream', buffer: whole.subarray(0, whole.length / 2) },
    { name: 'letter.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('Dear reader, this is no model.') },
  ];
  for (const each of files) {
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByLabel('A GGUF file', { exact: true }).setInputFiles(each);
    const alert = page.getByRole('alert').filter({ hasText: 'This model cannot be used' });
    await alert.waitFor();
    assert.match(await alert.innerText(), /complete GGUF file/);
    await page.keyboard.press('Escape');
    await alert.getByRole('button').click();
    await modelReady(page);
  }
});

test('a model from a picked file is used in the place of the embedded one', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByLabel('A GGUF file', { exact: true }).setInputFiles(file('models/tiny/tiny.gguf'));
  const load = page.locator('.rows').getByRole('button', { name: 'Load' }).first();
  await load.waitFor();
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('.dialog .rows button')?.disabled);
  await modelReady(page);
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.keyboard.press('Escape');
});

test('nothing was asked of another host and no script complained', () => {
  assert.deepEqual(visitor.foreign, []);
  assert.deepEqual(visitor.complaints, []);
});
