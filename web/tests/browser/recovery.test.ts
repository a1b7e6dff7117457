import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Visitor, answerText, ask, closeServer, modelReady, visit } from './harness.ts';

const LIMIT = { timeout: 90_000 };
const STORY = 'A storm blew the ring of Ada all the way to the school. Nora heard of it and helped to look. At last they found the ring, and they ate lemon tart together.';
let visitor: Visitor;

/** What `?test` adds to the page. */
interface Hook {
  gemmuleTest: { loseDevice: () => Promise<void> };
}

before(async () => {
  visitor = await visit({ query: '?test' });
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('a device lost between two answers is said, and the next answer opens it again', LIMIT, async () => {
  const { page } = visitor;
  await ask(page, 'What is 17 - 5?');
  assert.equal(await answerText(page, 0), '17 - 5 = 12.');
  await page.evaluate(() => (globalThis as unknown as Hook).gemmuleTest.loseDevice());
  await page.getByText('your next message opens it again').waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'What is 20 - 6?');
  assert.equal(await answerText(page, 0), '20 - 6 = 14.');
  await page.getByText('your next message opens it again').waitFor({ state: 'detached' });
});

test('an answer under way when the device is lost ends as if nothing had happened', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'I want a story about Ada, Nora and a ring.');
  await page.locator('.turn.answer[aria-busy] .prose').waitFor();
  await page.evaluate(() => (globalThis as unknown as Hook).gemmuleTest.loseDevice());
  assert.equal(await answerText(page, 0), STORY);
});

test('the hook is not there without being asked for', LIMIT, async () => {
  const { page, address } = visitor;
  await page.goto(address);
  await modelReady(page);
  assert.equal(await page.evaluate(() => 'gemmuleTest' in globalThis), false);
});
