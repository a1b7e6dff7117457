import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMIT, answerText, ask, closeServer, modelReady, visit, type Visitor } from './harness.ts';

let visitor: Visitor;

before(async () => {
  visitor = await visit();
});
after(async () => {
  await visitor.leave();
});

test('after one visit the page opens and answers without its server', LIMIT, async () => {
  const { page } = visitor;
  await modelReady(page);
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    // Ready may come before the worker has activated, and with it before it holds the page.
    if (active?.state !== 'activated') await new Promise((resolve) => active?.addEventListener('statechange', resolve));
  });
  // The server is gone for good: this holds for the service worker's own requests too.
  await closeServer();
  await visitor.context.setOffline(true);
  await page.reload();
  await ask(page, "What is Tobin's pet?");
  assert.equal(await answerText(page), 'Tobin has a parrot.');
  await page.getByRole('link', { name: 'Kernels' }).click();
  await page.locator('.kernel article').waitFor();
});
