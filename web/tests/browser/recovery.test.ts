import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ANSWER, LIMIT, answerText, ask, closeServer, expected, modelReady, visit, type Visitor } from './harness.ts';

let visitor: Visitor;

/** Whether a CPU plays the GPU, on which the tests would take many minutes. */
async function onSoftware(): Promise<boolean> {
  return visitor.page.evaluate(async () => {
    type Adapter = { info: { vendor: string; architecture: string; description: string } } | null;
    const { gpu } = navigator as unknown as { gpu?: { requestAdapter(): Promise<Adapter> } };
    const info = (await gpu?.requestAdapter())?.info;
    return !info || /swiftshader|llvmpipe|lavapipe/i.test(`${info.vendor} ${info.architecture} ${info.description}`);
  });
}

/** What `?test` adds to the page. */
interface Hook {
  gemmuleTest: { loseDevice: () => Promise<void> };
}

before(async () => {
  visitor = await visit({ query: '?test&device=gpu' });
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('a device that was lost is said, and the next question opens it again', LIMIT, async (context) => {
  if (await onSoftware()) return context.skip('on hardware alone');
  const { page } = visitor;
  await page.evaluate(() => (globalThis as unknown as Hook).gemmuleTest.loseDevice());
  await page.getByText('your next message opens it again').waitFor();
  await ask(page, "What is Tobin's pet?");
  assert.equal(await answerText(page, 0), expected("What is Tobin's pet?"));
  await page.getByText('your next message opens it again').waitFor({ state: 'detached' });
});

test('an answer under way when the device is lost ends as if nothing had happened', LIMIT, async (context) => {
  if (await onSoftware()) return context.skip('on hardware alone');
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'Who plays the violin?');
  await page.locator('.turn.answer[aria-busy] .prose').waitFor({ timeout: ANSWER });
  await page.evaluate(() => (globalThis as unknown as Hook).gemmuleTest.loseDevice());
  assert.equal(await answerText(page, 0), expected('Who plays the violin?'));
});

test('the hook is not there without being asked for', LIMIT, async () => {
  const { page, address } = visitor;
  await page.goto(address);
  await modelReady(page);
  assert.equal(await page.evaluate(() => 'gemmuleTest' in globalThis), false);
});
