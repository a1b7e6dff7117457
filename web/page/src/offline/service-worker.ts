/**
 * Keeps the page's files, the embedded model among them, so that it opens without a network. Models that the user adds
 * are not its business: the package keeps them in OPFS.
 */
declare const self: ServiceWorkerGlobalScope;
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

const PREFIX = 'gemmule-';
const NAME = PREFIX + __BUILD__;

async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  // `reload` passes by the HTTP cache, which might hold a file of the build before.
  await cache.addAll(__FILES__.map((file) => new Request(file, { cache: 'reload' })));
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const wanted = request.mode === 'navigate' ? './' : request;
  // A server's `Vary: Origin` would have module scripts, which say their origin, miss what was kept without one.
  const kept = await cache.match(wanted, { ignoreSearch: request.mode === 'navigate', ignoreVary: true });
  return kept ?? fetch(request);
}

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const mine = new URL(request.url).href.startsWith(self.registration.scope);
  if (request.method === 'GET' && mine && !request.headers.has('range')) event.respondWith(answer(request));
});

export {};
