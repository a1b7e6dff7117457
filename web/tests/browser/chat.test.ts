import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TINY, type Visitor, answerText, ask, closeServer, expectations, modelReady, visit } from './harness.ts';

const LIMIT = { timeout: 90_000 };
let visitor: Visitor;

before(async () => {
  visitor = await visit();
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

async function setOption(label: string, value: string): Promise<void> {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByRole('spinbutton', { name: label }).fill(value);
  await page.getByRole('button', { name: 'Done' }).click();
}

test('a question sent while the model loads is answered exactly as the reference answers', LIMIT, async () => {
  const { page } = visitor;
  const single = expectations().find(({ messages }) => messages.length === 1);
  assert.ok(single);
  await ask(page, single.messages[0]?.content ?? '');
  assert.equal(await answerText(page), single.answer);
  assert.match(await page.locator('.figures').last().innerText(), /\d+ tokens · [\d.]+ tokens\/s · first after .* · [\d.]+ MB/);
});

test('a conversation goes on with what was said before, at temperature 0', LIMIT, async () => {
  const { page } = visitor;
  await setOption('Temperature', '0');
  const longer = expectations().find(({ messages }) => messages.length === 3 && messages[0]?.role === 'user');
  assert.ok(longer);
  const [first, given, second] = longer.messages;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, first?.content ?? '');
  assert.equal(await answerText(page, 0), given?.content);
  await ask(page, second?.content ?? '');
  assert.equal(await answerText(page, 1), longer.answer);
});

test('the answer to a question that was edited replaces the old one', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'What is 17 - 5?');
  assert.equal(await answerText(page, 0), '17 - 5 = 12.');
  await page.locator('.turn.question').hover();
  await page.getByRole('button', { name: 'Edit and send again' }).click();
  await page.getByRole('textbox', { name: 'The question' }).fill('What is 20 - 6?');
  await page.getByRole('button', { name: 'Send', exact: true }).first().click();
  await page.getByText('What is 20 - 6?').first().waitFor();
  assert.equal(await answerText(page, 0), '20 - 6 = 14.');
  assert.equal(await page.locator('.turn').count(), 2);
  await page.getByRole('button', { name: 'Answer again' }).click();
  assert.equal(await answerText(page, 0), '20 - 6 = 14.');
});

test('an answer stops in the middle when told to', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'I want a story about Ada, Nora and a ring.');
  await page.locator('.turn.answer[aria-busy] .prose').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  const text = await answerText(page, 0, 10_000);
  assert.match(await page.locator('.figures').last().innerText(), /stopped/);
  const whole = 'A storm blew the ring of Ada all the way to the school. Nora heard of it and helped to look. At last they found the ring, and they ate lemon tart together.';
  assert.ok(text.length < whole.length && whole.startsWith(text), `stopped at: ${text}`);
});

test('conversations are renamed, exported, reopened after a reload, and deleted', LIMIT, async () => {
  const { page } = visitor;
  const list = page.getByRole('navigation', { name: 'Conversations' });
  const title = 'What is 20 - 6?';
  await list.getByRole('button', { name: /^What is 17 - 5/ }).click();
  await list.getByRole('button', { name: /^Rename/ }).click();
  await list.getByRole('textbox', { name: 'Title' }).fill('Sums');
  await list.getByRole('textbox', { name: 'Title' }).press('Enter');
  await page.getByRole('heading', { name: 'Sums' }).waitFor();

  await page.locator('summary[aria-label=Export]').click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'As Markdown' }).click()]);
  assert.equal(download.suggestedFilename(), 'Sums.md');
  assert.match(readFileSync(await download.path(), 'utf8'), /^# Sums\n\n\*\*You\*\*\n\nWhat is 20 - 6\?\n\n\*\*Gemma\*\*\n\n20 - 6 = 14\.\n$/);

  await page.reload();
  await list.getByRole('button', { name: /^Sums/ }).first().click();
  await page.locator('.turn.question').getByText(title).waitFor();
  assert.equal(await answerText(page, 0), '20 - 6 = 14.');
  await list.getByRole('button', { name: 'Delete Sums' }).click();
  assert.equal(await list.getByRole('button', { name: /^Sums/ }).count(), 0);
  await page.reload();
  await list.getByRole('button', { name: /story/ }).first().waitFor();
  assert.equal(await list.getByRole('button', { name: /^Sums/ }).count(), 0);
});

test('a truncated model and a file that is none are refused with what to do, and the chat goes on', LIMIT, async () => {
  const { page } = visitor;
  await modelReady(page);
  const whole = readFileSync(join(TINY, 'tiny.gguf'));
  const files = [
    { name: 'half.gguf', mimeType: 'application/octet-stream', buffer: whole.subarray(0, whole.length / 2) },
    { name: 'letter.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('Dear reader, this is no model.') },
  ];
  for (const file of files) {
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByLabel('A GGUF file').setInputFiles(file);
    const alert = page.getByRole('alert').filter({ hasText: 'This model cannot be used' });
    await alert.waitFor();
    assert.match(await alert.innerText(), /complete GGUF file/);
    await page.keyboard.press('Escape');
    await alert.getByRole('button').click();
    await modelReady(page);
  }
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'What is 17 - 5?');
  assert.equal(await answerText(page, 0), '17 - 5 = 12.');
});

test('a model from a picked file is used in the place of the embedded one', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByLabel('A GGUF file').setInputFiles(join(TINY, 'tiny.gguf'));
  const load = page.locator('.rows').getByRole('button', { name: 'Load' }).first();
  await load.waitFor();
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('.dialog .rows button')?.disabled);
  await modelReady(page);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'Can you spell forge?');
  assert.equal(await answerText(page, 0), 'f-o-r-g-e.');
});

test('nothing was asked of another host and no script complained', () => {
  assert.deepEqual(visitor.foreign, []);
  assert.deepEqual(visitor.complaints, []);
});
