/** A model's address before it is downloaded: whether it is one, and what the server says of it. */
import type { Probed } from './probe.worker';

/** The address, or what is wrong with the text. */
export function parseAddress(text: string): URL | string {
  if (!URL.canParse(text)) return 'This is not a full address, such as https://host/model.gguf.';
  const url = new URL(text);
  const local = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && local)) return url;
  return 'Models are loaded over https.';
}

/** A name for what lies at an address: the last part of its path. */
export function nameOf(url: URL): string {
  return decodeURIComponent(url.pathname.split('/').pop() ?? '') || url.hostname;
}

/** Asks the server for the model's size. */
export function probe(url: URL): Promise<Probed> {
  const worker = new Worker(new URL('./probe.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Probed>((resolve) => {
    worker.onmessage = (event: MessageEvent<Probed>) => resolve(event.data);
    worker.onerror = () => resolve({ ok: false, why: 'The browser refused to ask.' });
    worker.postMessage(url.href);
  }).finally(() => worker.terminate());
}
