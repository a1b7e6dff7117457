// A server for one test: the package, a blank page, a model that may break off, change, or know no ranges, and the
// repository's files below /repository/.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { file } from '../references.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.map': 'application/json' };

/** How the model is served. */
export const HONEST = { ranges: true, etag: '"1"', breaksAt: Infinity };

/** Serves `dist` and `model` on a free port; `behaviour` may be changed meanwhile, `requests` says what was asked. */
export async function serve(dist, model) {
  const state = { behaviour: { ...HONEST }, requests: [] };
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url, 'http://localhost');
      if (pathname === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>test</title>');
      if (pathname === '/model.gguf') return sendModel(state, request, response, model);
      const inRepository = /^\/repository(\/.*)/.exec(pathname)?.[1];
      const body = await readFile(inRepository ? file(path.normalize(inRepository)) : path.join(dist, path.normalize(pathname)));
      response.writeHead(200, { 'content-type': TYPES[path.extname(pathname)] ?? 'text/plain' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, state, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
}

function sendModel({ behaviour, requests }, request, response, model) {
  const { ranges, etag, breaksAt } = behaviour;
  const asked = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null;
  const start = asked ? Number(asked[1]) : 0;
  requests.push(start);
  const headers = { etag, 'content-length': model.length - start };
  if (asked) headers['content-range'] = `bytes ${start}-${model.length - 1}/${model.length}`;
  response.writeHead(asked ? 206 : 200, headers);
  if (breaksAt >= model.length) return void response.end(model.subarray(start));
  // What was sent so far arrives before the connection is cut.
  response.write(model.subarray(start, breaksAt), () => setTimeout(() => response.destroy(), 200));
}
