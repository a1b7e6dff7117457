import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMIT, closeServer, modelReady, visit, type Visitor } from './harness.ts';
import { SIZES, noBarriers } from './looks.ts';

let visitor: Visitor;

before(async () => {
  visitor = await visit();
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('the drawer of a phone has no barrier', LIMIT, async () => {
  const { page } = visitor;
  await page.setViewportSize(SIZES.phone);
  await page.getByRole('button', { name: 'Conversations' }).click();
  await noBarriers(page);
});

test('a question can be typed, sent and stopped with the keyboard alone', LIMIT, async () => {
  const { page } = visitor;
  await page.setViewportSize(SIZES.desktop);
  await page.reload();
  const box = page.getByRole('textbox', { name: 'Your message' });
  await box.waitFor();
  assert.ok(await box.evaluate((element) => element === document.activeElement), 'the input has the focus');
  await page.keyboard.type('I want a story.');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
});
