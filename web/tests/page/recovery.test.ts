import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { COUNT, fixture } from '../references.mjs';
import { LIMIT, answerText, ask, closeServer, modelReady, visit, type Visitor } from './harness.ts';

/** A model of so few kernels that a CPU that plays a GPU compiles them in seconds. */
const MODEL = readFileSync(fixture('counter.gguf'));

let visitor: Visitor;
let server: Server;

/** What `?test` adds to the page. */
interface Hook {
  gemmuleTest: { loseDevice: () => Promise<void> };
}

/** Another host, which gives the model to every site. */
function host(): Server {
  return createServer(({ method }, response) => {
    for (const allowed of ['Origin', 'Headers']) response.setHeader(`Access-Control-Allow-${allowed}`, '*');
    response.writeHead(200, { 'Content-Length': MODEL.length });
    response.end(method === 'GET' ? MODEL : undefined);
  });
}

const loseDevice = () => visitor.page.evaluate(() => (globalThis as unknown as Hook).gemmuleTest.loseDevice());

before(async () => {
  server = host();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(bound && typeof bound === 'object');
  visitor = await visit({ query: '?test&device=gpu' });
  const { page } = visitor;
  await modelReady(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('textbox', { name: 'Address of a GGUF file' }).fill(`http://127.0.0.1:${bound.port}/counter.gguf`);
  await page.getByRole('button', { name: 'How large?' }).click();
  await page.getByRole('button', { name: 'Download and load' }).click();
  await page.getByRole('button', { name: /^Model: Counter.*ready\b/, includeHidden: true }).waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  // From here on the model is in OPFS alone.
  server.closeAllConnections();
  server.close();
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('a device that was lost is said, and the next question opens it again', LIMIT, async () => {
  const { page } = visitor;
  await loseDevice();
  await page.getByText('your next message opens it again').waitFor();
  await ask(page, 'a');
  assert.equal(await answerText(page, 0), COUNT);
  await page.getByText('your next message opens it again').waitFor({ state: 'detached' });
});

test('an answer under way when the device is lost ends as if nothing had happened', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await ask(page, 'b');
  await page.locator('.turn.answer[aria-busy] .prose').getByText('one').waitFor({ timeout: LIMIT.timeout });
  await loseDevice();
  assert.equal(await answerText(page, 0), COUNT);
});

test('the hook is not there without being asked for', LIMIT, async () => {
  const { page, address } = visitor;
  await page.goto(address);
  await modelReady(page);
  assert.equal(await page.evaluate(() => 'gemmuleTest' in globalThis), false);
});
