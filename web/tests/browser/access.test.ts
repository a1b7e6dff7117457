import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import { LIMIT, closeServer, modelReady, visit, type Visitor } from './harness.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let visitor: Visitor;

before(async () => {
  visitor = await visit();
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

/** Asks axe in both themes; every violation is a failure, named with its elements. */
async function check(): Promise<void> {
  const { page } = visitor;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours cross over in a moment; axe should see them as they stay.
    await page.waitForTimeout(300);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => {
      return (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run();
    });
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ target }) => target.join(' ')).join('\n  ')}`);
    assert.deepEqual(found, [], `${colorScheme}`);
  }
}

test('the empty chat has no barrier', LIMIT, check);

test('a conversation has no barrier', LIMIT, async () => {
  const { page } = visitor;
  const content = '# One\n\n- two\n- **three** `four`\n\n```rust\nlet five = 5; // six\n```\n\n| a | b |\n|---|---|\n| 1 | [c](https://d.example) |\n\n> seven';
  const turns = [{ role: 'user', content: 'Show all you can.' }, { role: 'assistant', content }];
  const buffer = Buffer.from(JSON.stringify({ format: 'gemmule-conversation', version: 1, title: 'All', system: '', turns }));
  await page.locator('.history input[type=file]').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer });
  await page.locator('.turn.answer table').waitFor();
  await check();
});

for (const [button, name] of [[/^Model:/, 'Models'], ['Options', 'Options'], ['Adapters', 'Adapters']] as const) {
  test(`the dialog ${name} has no barrier`, LIMIT, async () => {
    const { page } = visitor;
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('dialog', { name }).waitFor();
    await check();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
}

test('fine-tuning has no barrier, with its options open', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Fine-tune' }).click();
  await page.getByText('Advanced').click();
  await check();
});

test('the kernels have no barrier', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Kernels' }).click();
  await page.locator('.kernel article').waitFor();
  await check();
});

test('the phone has no barrier either, its drawer open', LIMIT, async () => {
  const { page } = visitor;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('link', { name: 'Chat' }).click();
  await check();
  await page.getByRole('button', { name: 'Conversations' }).click();
  await check();
});

test('a question can be typed, sent and stopped with the keyboard alone', LIMIT, async () => {
  const { page } = visitor;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.reload();
  const box = page.getByRole('textbox', { name: 'Your message' });
  await box.waitFor();
  assert.ok(await box.evaluate((element) => element === document.activeElement), 'the input has the focus');
  await page.keyboard.type('I want a story.');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send' }).waitFor();
});
