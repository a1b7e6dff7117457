/** Pictures of every view, in both themes, on a phone and a desktop, for people to look at. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ask, answerText, closeServer, modelReady, visit } from './harness.ts';

const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

const quick = process.argv.includes('--without-model');
await mkdir(FOLDER, { recursive: true });
for (const [size, viewport] of Object.entries(SIZES)) {
  const { page, leave } = await visit({ viewport });
  const take = async (name: string) => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.waitForTimeout(200);
      await page.screenshot({ path: `${FOLDER}${name}-${size}-${scheme}.png` });
    }
  };
  if (!quick) await modelReady(page);
  await take('welcome');
  if (!quick) {
    await ask(page, "What is Tobin's pet?");
    await answerText(page);
    await ask(page, 'I want a story about Ada, Nora and a ring.');
    await answerText(page, 1);
    await take('chat');
  }
  await page.getByRole('button', { name: /^Model:/ }).click();
  await take('models');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Options' }).click();
  await take('options');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Fine-tune' }).click();
  await take('train');
  if (!quick) {
    await page.getByRole('button', { name: /^Train on/ }).click();
    await page.getByRole('button', { name: 'Use in the chat' }).waitFor({ timeout: 120_000 });
    await take('trained');
  }
  await page.getByRole('link', { name: 'Kernels' }).click();
  if (!quick) await page.locator('.kernel article').waitFor();
  await take('kernels');
  await leave();
}
await closeServer();
