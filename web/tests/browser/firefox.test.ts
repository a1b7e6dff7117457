/**
 * The page in Firefox, whose WebGPU is wgpu over Vulkan. Firefox has no Playwright of its own makers, so this speaks
 * WebDriver BiDi through Puppeteer. Where no Firefox is found, the tests say so and are skipped.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Browser, type Page, launch } from 'puppeteer-core';
import { ANSWER, LIMIT as SHARED, address, closeServer, expected } from './harness.ts';

const PATH = [process.env['FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox'].find((each) => each && existsSync(each));
const LIMIT = { ...SHARED, ...(PATH ? {} : { skip: 'no Firefox: apt-get install firefox-esr, or set FIREFOX to its path' }) };

let browser: Browser | undefined;
let page: Page;

before(async () => {
  if (!PATH) return;
  browser = await launch({
    browser: 'firefox',
    executablePath: PATH,
    headless: true,
    protocolTimeout: 2 * ANSWER,
    extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
  });
  page = await browser.newPage();
  await page.goto(await address());
});
after(async () => {
  await browser?.close();
  await closeServer();
});

async function ask(question: string): Promise<string> {
  await page.waitForSelector('textarea[aria-label="Your message"]');
  const before = (await page.$$('.turn.answer')).length;
  await page.type('textarea[aria-label="Your message"]', question);
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    (count: number) => document.querySelectorAll('.turn.answer:not([aria-busy])').length > count || document.querySelector('[role=alert]') !== null,
    { timeout: ANSWER },
    before,
  );
  const alert = await page.$('[role=alert]');
  if (alert) assert.fail(await alert.evaluate((element) => element.textContent ?? ''));
  const answers = await page.$$eval('.turn.answer:not([aria-busy]) .prose', (all) => all.map((each) => each.textContent ?? ''));
  return (answers[answers.length - 1] ?? '').trim();
}

test('Firefox answers exactly as the reference does', LIMIT, async () => {
  assert.equal(await ask("What is Tobin's pet?"), expected("What is Tobin's pet?"));
});

test('Firefox shows the same views', LIMIT, async () => {
  for (const [view, heading] of [['train', 'Fine-tune'], ['kernels', '<']] as const) {
    await page.evaluate((name: string) => {
      location.hash = `/${name}`;
    }, view);
    await page.waitForFunction((text: string) => document.querySelector('main h1')?.textContent?.includes(text), { timeout: 20_000 }, heading);
  }
});
