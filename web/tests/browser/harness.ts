/**
 * What the browser tests share: the built page behind a server of its own, and a browser with WebGPU in software.
 * Nothing of the page is replaced: every test uses it as a visitor does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type Page, chromium } from 'playwright-core';
import { type PreviewServer, preview } from 'vite';

/** The page's folder. */
export const PAGE = fileURLToPath(new URL('../../page/', import.meta.url));

/** The repository's folder of the embedded model. */
export const TINY = fileURLToPath(new URL('../../../models/tiny/', import.meta.url));

/** The repository's folder of small models. */
export const FIXTURES = fileURLToPath(new URL('../../../tests/fixtures/', import.meta.url));

const CHROMIUMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * How long an answer may take, in milliseconds. In software a token takes seconds, and the first one, for which every
 * shader is compiled, half a minute and more: tests ask for short answers.
 */
export const ANSWER = 300_000;

/** The most that one test may take, in milliseconds. */
export const LIMIT = { timeout: 2 * ANSWER };

/** Software WebGPU: SwiftShader, which Chromium offers only when told so. */
const ARGUMENTS = ['--enable-unsafe-webgpu', '--no-sandbox', '--disable-gpu-sandbox'];

/** A visitor: a browser with an empty profile, and what was seen of it. */
export interface Visitor {
  page: Page;
  context: BrowserContext;
  address: string;
  /** Requests to other hosts than the page's. */
  foreign: string[];
  /** What scripts threw without anybody to catch it, and what the policy refused. */
  complaints: string[];
  leave: () => Promise<void>;
}

/** The Chromium that the tests drive: `$CHROMIUM`, or the system's. */
export function chromiumPath(): string {
  const path = [process.env['CHROMIUM'], ...CHROMIUMS].find((each) => each && existsSync(each));
  if (!path) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path');
  return path;
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
  const profile = await mkdtemp(join(tmpdir(), 'gemmule-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    headless: true,
    args: ARGUMENTS,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    acceptDownloads: true,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(30_000);
  const foreign: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !/^(blob|data|chrome-extension):/.test(target)) foreign.push(target);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url + (options.query ?? ''));
  return {
    page,
    context,
    address: url,
    foreign,
    complaints,
    leave: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** A conversation of which the embedded model's greedy answer is known. */
interface Expected {
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
  answer: string;
}

/** What the embedded model answers at temperature 0, as another implementation computed it. */
function expectations(): Expected[] {
  const lines = readFileSync(join(TINY, 'expected.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Expected);
}

/** The reference's answer to a conversation of one question, or of a system turn and a question. */
export function expected(question: string, system?: string): string {
  const wanted = system === undefined ? [question] : [system, question];
  const found = expectations().find(({ messages }) => messages.map(({ content }) => content).join('\n') === wanted.join('\n'));
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
