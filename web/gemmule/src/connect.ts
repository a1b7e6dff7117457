/** A line to a worker: a worker of its own in a browser, the same code behind a message port under Node. */
import { nodeModule } from './node.js';
import type { Port } from './rpc.js';

/** A worker, and how to end it. */
export interface Line {
  port: Port;
  /** Hears of a worker that cannot go on. */
  onFailure(listener: (message: string) => void): void;
  close(): void;
}

/** Starts a worker. */
export async function connect(): Promise<Line> {
  if (typeof Worker === 'undefined') return connectInProcess();
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'gemmule' });
  return {
    port: worker,
    onFailure: (listener) => {
      worker.onerror = (event) => listener(event.message || 'its script could not be loaded');
    },
    close: () => worker.terminate(),
  };
}

/** Node has no workers of this kind: the engine runs here, on Dawn from the npm package `webgpu`. */
async function connectInProcess(): Promise<Line> {
  await provideWebGpu();
  const script = new URL('./worker.js', import.meta.url).href;
  const { listen } = await nodeModule<typeof import('./worker.js')>(script);
  const { readFile } = await nodeModule<{ readFile(url: URL): Promise<Uint8Array> }>('node:fs/promises');
  const { port1, port2 } = new MessageChannel();
  listen(port2 as unknown as Port, await readFile(new URL('./gemmule_web_bg.wasm', import.meta.url)));
  return {
    port: port1 as unknown as Port,
    onFailure: () => undefined,
    close: () => port1.close(),
  };
}

/** Puts Dawn where a browser has WebGPU, unless somebody did already. */
async function provideWebGpu(): Promise<void> {
  const global = globalThis as { navigator?: { gpu?: unknown }; WorkerGlobalScope?: unknown };
  // wgpu looks for the scope of a worker before it looks for a GPU.
  global.WorkerGlobalScope ??= class {};
  if (global.navigator?.gpu) return;
  let dawn: { create(options: string[]): unknown; globals: object };
  try {
    dawn = await nodeModule<typeof dawn>('webgpu');
  } catch {
    // The CPU computes then; who asks for a GPU is told that there is none.
    return;
  }
  Object.assign(globalThis, dawn.globals);
  const gpu = { value: dawn.create([]), configurable: true };
  if (global.navigator) Object.defineProperty(global.navigator, 'gpu', gpu);
  else Object.defineProperty(globalThis, 'navigator', { value: Object.defineProperty({}, 'gpu', gpu), configurable: true });
}
