import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import { type Visitor, answerText, ask, closeServer, modelReady, visit } from './harness.ts';

const LIMIT = { timeout: 90_000 };
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
  await ask(page, "What is Tobin's pet?");
  await answerText(page);
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

test('a question can be asked and stopped with the keyboard alone', LIMIT, async () => {
  const { page } = visitor;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.reload();
  await modelReady(page);
  const box = page.getByRole('textbox', { name: 'Your message' });
  assert.ok(await box.evaluate((element) => element === document.activeElement), 'the input has the focus');
  await page.keyboard.type('I want a story about Ada, Nora and a ring.');
  await page.keyboard.press('Enter');
  await page.locator('.turn.answer[aria-busy] .prose').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await answerText(page, 0, 10_000);
  assert.match(await page.locator('.figures').last().innerText(), /stopped/);
});
