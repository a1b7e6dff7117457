/**
 * What a view looks like: pictures of it for people, in both themes, on a phone and a desktop, and what a program can say
 * of them: nothing lies beside the screen, no text is cut, axe finds no barrier.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { BROWSER } from '../browsers.ts';

const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The screens, of a phone and of a desktop. */
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

/** Firefox has no command yet for the theme that a visitor prefers. */
const THEMES = BROWSER === 'firefox' ? (['light'] as const) : (['light', 'dark'] as const);

/** Goes through the themes, each once colours have crossed over to it. */
async function inEachTheme(page: Page, work: (theme: (typeof THEMES)[number]) => Promise<void>): Promise<void> {
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.waitForTimeout(200);
    await work(colorScheme);
  }
}

/** How a picture is taken. */
interface Look {
  /** What it is of, where that may have to be scrolled to. */
  at?: Locator;
  /** What else is wrong. */
  more?: () => Promise<string[]>;
}

/** Takes the view's pictures, each with its checks. */
export async function look(page: Page, name: string, { at, more = async () => [] }: Look = {}): Promise<void> {
    const before = page.viewportSize();
  const found: string[] = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await inEachTheme(page, async (theme) => {
      await at?.evaluate((element) => element.scrollIntoView());
      // The cursor is hidden by a style sheet, which the page's policy refuses.
      await page.screenshot({ path: `${FOLDER}${BROWSER}/${name}-${size}-${theme}.png`, caret: 'initial' });
      const wrong = [...(await page.evaluate(misplaced)), ...(await barriers(page)), ...(await more())];
      found.push(...wrong.map((each) => `${size}, ${theme}: ${each}`));
    });
  }
  if (before) await page.setViewportSize(before);
  assert.deepEqual(found, []);
}

/** Asks axe in each theme. */
export async function noBarriers(page: Page): Promise<void> {
  await inEachTheme(page, async (theme) => assert.deepEqual(await barriers(page), [], theme));
}

/** What axe finds, each with its elements. */
async function barriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => {
    return (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run();
  });
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ target }) => target.join(' ')).join('\n  ')}`);
}

/** In the page: what reaches beyond the screen's sides where nothing scrolls, and text that is cut without an ellipsis. */
function misplaced(): string[] {
  const found: string[] = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    // What only screen readers find is a pixel wide.
    if (element.closest('.visually-hidden')) continue;
    const name = `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} "${element.textContent?.slice(0, 30)}"`;
    let scrolled = false;
    for (let up = element.parentElement; up && !scrolled; up = up.parentElement) scrolled = getComputedStyle(up).overflowX !== 'visible' && up !== document.body;
    if (!scrolled && (box.left < -0.5 || box.right > innerWidth + 0.5)) found.push(`${name} is at ${box.left}..${box.right}`);
    const style = getComputedStyle(element);
    const cut = (style.overflowX === 'hidden' || style.overflowX === 'clip') && style.textOverflow !== 'ellipsis';
    if (cut && element.scrollWidth > element.clientWidth + 1) found.push(`${name} is cut: ${element.scrollWidth} of ${element.clientWidth} px`);
  }
  return found;
}

/** In the page: the share of the chart's width over which its line of losses is drawn. */
export async function drawnShare(page: Page): Promise<number> {
  return page.locator('.chart canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const probe = new OffscreenCanvas(1, 1).getContext('2d');
    const context = canvas.getContext('2d');
    if (!probe || !context) return 0;
    probe.fillStyle = getComputedStyle(canvas).getPropertyValue('--accent');
    probe.fillRect(0, 0, 1, 1);
    const accent = probe.getImageData(0, 0, 1, 1).data;
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const columns = new Set<number>();
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const near = [0, 1, 2].every((channel) => Math.abs((data[4 * pixel + channel] ?? 0) - (accent[channel] ?? 0)) < 24);
      if (near && (data[4 * pixel + 3] ?? 0) > 200) columns.add(pixel % width);
    }
    return columns.size / width;
  });
}
