import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMIT, closeServer, modelReady, visit, type Visitor } from './harness.ts';
import { look } from './looks.ts';

/** The most that opening a device, finding out what it can do and measuring a small kernel may take in software. */
const MEASURED = { timeout: LIMIT.timeout / 2 };

let visitor: Visitor;

before(async () => {
  visitor = await visit();
  const { page } = visitor;
  await modelReady(page);
  await page.getByRole('link', { name: 'Kernels' }).click();
  await page.locator('.kernel article').waitFor();
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

/** Lists the kernels that fit, and waits for so many. */
async function list(filter: string, count: number): Promise<void> {
  await visitor.page.getByRole('searchbox', { name: 'Filter kernels' }).fill(filter);
  await visitor.page.getByText(new RegExp(`^${count} of \\d+ variants$`)).waitFor();
}

test('all kernels that are listed are measured, each with its time and how it was taken', LIMIT, async () => {
  const { page } = visitor;
  await list('map<', 2);
  await page.getByRole('button', { name: 'Measure these' }).click();
  await page.getByText('of 2 measured').waitFor();
  await page.getByRole('button', { name: 'Measure these' }).waitFor(MEASURED);
  const times = await page.locator('.short-time').allInnerTexts();
  assert.equal(times.length, 2);
  for (const time of times) assert.match(time, /^[\d.]+ (µs|ms|s)$/);
  const card = page.getByRole('region', { name: 'Time' });
  const [wide, shape] = [await card.locator('.facts').innerText(), await card.innerText()];
  assert.match(wide, /Memory\s+6\.3 MB, [\d.]+ .B\/s/);
  assert.match(shape, /n=786432: 3,072 workgroups\. Median of \d+ times (one dispatch|[\d,]+ dispatches in a row), by (the GPU’s timestamps|the wall clock)/);
  assert.match(shape, /read from memory, [\d.]+ .FLOP\/s of f32|played by the CPU/);
});

test('a kernel with its time looks right', LIMIT, () => look(visitor.page, 'kernels-measured'));

test('a kernel that this device refuses says why', LIMIT, async () => {
  const { page } = visitor;
  await list('halve_rows<Tree', 1);
  await page.getByRole('button', { name: 'Measure on this device' }).click();
  const card = page.getByRole('region', { name: 'Time' });
  // Chromium's software driver has no f16; other devices have.
  await card.getByText(/needs f16, which adapter .* does not offer|A dispatch/).waitFor(MEASURED);
});

test('a measurement is stopped at once, and the next one works', LIMIT, async () => {
  const { page } = visitor;
  await list('attend_decode', 40);
  await page.getByRole('button', { name: 'Measure these' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Measure these' }).waitFor();
  await list('zip<AddScaled', 1);
  await page.getByRole('button', { name: 'Measure on this device' }).click();
  await page.locator('.short-time').waitFor(MEASURED);
});

test('no script complained, and no other host was asked', () => {
  assert.deepEqual([visitor.complaints, visitor.foreign], [[], []]);
});
