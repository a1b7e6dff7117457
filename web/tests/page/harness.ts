/**
 * What the browser tests share: the built page behind a server of its own, and a browser with WebGPU in software.
 * Nothing of the page is replaced: every test uses it as a visitor does.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { type PreviewServer, preview } from 'vite';
import { BROWSER, open } from '../browsers.ts';
import { expected as answers } from '../references.mjs';

/** The page's folder. */
export const PAGE = fileURLToPath(new URL('../../page/', import.meta.url));

/**
 * How long an answer may take, in milliseconds. In software a token takes seconds, and the first one, for which every
 * shader is compiled, half a minute and more: tests ask for short answers.
 */
export const ANSWER = 300_000;

/** The most that one test may take, in milliseconds. */
export const LIMIT = { timeout: 2 * ANSWER };

/** The hash of a style sheet that Playwright adds for a picture; the page's policy refuses it, as it should. */
const SCREENSHOT_STYLE = 'sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT+SmwNZWA=';

/** A visitor: a browser with an empty profile, and what was seen of it. */
export interface Visitor {
  page: Page;
  /** Where downloads are put. */
  downloads: string;
  context: BrowserContext;
  address: string;
  /** Requests to other hosts than the page's. */
  foreign: string[];
  /** What scripts threw without anybody to catch it, and what the policy refused. */
  complaints: string[];
  leave: () => Promise<void>;
}

let server: Promise<PreviewServer> | undefined;

/** The built page's address. The server ends with the process. */
export async function address(): Promise<string> {
  if (!existsSync(join(PAGE, 'dist/index.html'))) throw new Error('the page is not built: npm run build in web/');
  server ??= preview({ root: PAGE, configFile: join(PAGE, 'vite.config.ts'), logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
  const bound = (await server).httpServer.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${bound.port}/`;
}

/** Ends the server. */
export async function closeServer(): Promise<void> {
  await (await server)?.close();
  server = undefined;
}

/** Opens the page in a fresh profile. */
export async function visit(options: { query?: string; viewport?: { width: number; height: number } } = {}): Promise<Visitor> {
  const url = await address();
  const { context, page, downloads, close } = await open({ viewport: options.viewport ?? { width: 1280, height: 800 }, acceptDownloads: true });
  page.setDefaultTimeout(30_000);
  const foreign: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !/^(blob|data|chrome-extension):/.test(target)) foreign.push(target);
  });
  page.on('pageerror', (error) => {
    if (!String(error).includes(SCREENSHOT_STYLE)) complaints.push(String(error));
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url + (options.query ?? ''));
  return {
    page,
    downloads,
    context,
    address: url,
    foreign,
    complaints,
    leave: close,
  };
}

/** The reference's answer to a conversation of one question, or of a system turn and a question. */
export function expected(question: string, system?: string): string {
  const wanted = system === undefined ? [question] : [system, question];
  const found = answers.find(({ messages }) => messages.map(({ content }) => content).join('\n') === wanted.join('\n'));
  if (!found) throw new Error(`no reference for: ${question}`);
  return found.answer;
}

/** Waits until the model is in use. */
export async function modelReady(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Model: .*ready\b/ }).waitFor({ timeout: ANSWER });
}

/** Types a message and sends it. */
export async function ask(page: Page, question: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Your message' });
  await box.fill(question);
  await box.press('Enter');
}

/** The text of an answer, once it is finished: the last, or the one at an index. */
export async function answerText(page: Page, index = -1, timeout = ANSWER): Promise<string> {
  const answers = page.locator('.turn.answer:not([aria-busy])');
  const wanted = index < 0 ? answers.last() : answers.nth(index);
  await wanted.waitFor({ timeout });
  await page.locator('.turn.answer[aria-busy]').waitFor({ state: 'detached', timeout });
  return (await wanted.locator('.prose').innerText()).trim();
}

/** The file that a click downloads. */
export async function downloaded({ page, downloads }: Visitor, click: () => Promise<void>): Promise<{ name: string; bytes: Uint8Array }> {
  if (BROWSER === 'chromium') {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }
  // Firefox's events do not say which download they are about, and Playwright drops them; the file has its name.
  const before = existsSync(downloads) ? readdirSync(downloads) : [];
  await click();
  for (;;) {
    const added = (existsSync(downloads) ? readdirSync(downloads) : []).filter((name) => !before.includes(name));
    const [name] = added;
    // It is written to a second file first.
    if (name && !added.some((each) => each.endsWith('.part'))) return { name, bytes: readFileSync(join(downloads, name)) };
    await page.waitForTimeout(100);
  }
}
