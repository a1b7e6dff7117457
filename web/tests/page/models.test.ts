import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { tiny } from '../references.mjs';
import { ANSWER, LIMIT, closeServer, modelReady, visit, type Visitor } from './harness.ts';

const MODEL = tiny();
/** A piece of an answer, and the pause after it, so that a test can stop a download on its way. */
const PIECE = 256 * 1024;

let visitor: Visitor;
let server: Server;
let address: string;
let pause = 100;
/** The first byte that each download asked for. */
const starts: number[] = [];

/** Another host with a model: it lets every site read it, and sends it slowly. */
function host(): Server {
  return createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', '*');
    response.setHeader('Access-Control-Expose-Headers', '*');
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('ETag', '"one"');
    if (request.method === 'OPTIONS' || request.url !== '/bay.gguf') {
      response.writeHead(request.method === 'OPTIONS' ? 204 : 404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.setHeader('Content-Length', MODEL.length - from);
    if (from > 0) response.setHeader('Content-Range', `bytes ${from}-${MODEL.length - 1}/${MODEL.length}`);
    response.writeHead(from > 0 ? 206 : 200);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    starts.push(from);
    const send = (at: number): void => {
      if (response.destroyed) return;
      response.write(MODEL.subarray(at, at + PIECE));
      if (at + PIECE >= MODEL.length) response.end();
      else setTimeout(() => send(at + PIECE), pause);
    };
    send(from);
  });
}

before(async () => {
  server = host();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(bound && typeof bound === 'object');
  address = `http://127.0.0.1:${bound.port}/bay.gguf`;
  visitor = await visit();
  await modelReady(visitor.page);
  await visitor.page.getByRole('button', { name: /^Model:/ }).click();
});
after(async () => {
  await visitor.leave();
  server.closeAllConnections();
  server.close();
  await closeServer();
});

test('an address that is none is refused before anything is asked', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('textbox', { name: 'Address of a GGUF file' }).fill('http://models.example/a.gguf');
  await page.getByRole('button', { name: 'How large?' }).click();
  await page.getByText('Models are loaded over https.').waitFor();
  assert.deepEqual(visitor.foreign, []);
});

test('the size and the free space are told before the download', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('textbox', { name: 'Address of a GGUF file' }).fill(address);
  await page.getByRole('button', { name: 'How large?' }).click();
  await page.getByText(/^The file is 7\.8 MB; [\d.]+ .B are free\.$/).waitFor();
  assert.deepEqual(starts, []);
});

test('a download that is cancelled leaves what came, and the embedded model comes back', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Download and load' }).click();
  await page.getByText(/^Downloading [1-9]\d? %/).first().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await modelReady(page);
  await page.getByText(/unfinished$/).waitFor();
  assert.deepEqual(starts, [0]);
});

test('it goes on where it stopped, and the model is used', LIMIT, async () => {
  const { page } = visitor;
  pause = 0;
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('listitem').filter({ hasText: 'bay.gguf' }).getByRole('button', { name: 'Load' }).waitFor({ timeout: 60_000 });
  await modelReady(page);
  assert.equal(starts.length, 2);
  assert.ok((starts[1] ?? 0) > 0, `the second request began at ${starts[1]}`);
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.keyboard.press('Escape');
});

test('a kept model loads after a reload without its host, and can be deleted while it is in use', LIMIT, async () => {
  const { page } = visitor;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await page.reload();
  await modelReady(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'bay.gguf' });
  await row.getByRole('button', { name: 'Load' }).click();
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('.dialog .rows button')?.disabled);
  await modelReady(page);
  assert.equal(await page.getByRole('alert').count(), 0);
  await row.getByRole('button', { name: 'Delete bay.gguf' }).click();
  await row.waitFor({ state: 'detached', timeout: ANSWER });
  await modelReady(page);
});
