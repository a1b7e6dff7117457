/** The wasm module, started once in a worker. */
import init, * as wasm from '../wasm/gemmule_web.js';

export type { Answer, Engine, Training } from '../wasm/gemmule_web.js';

let started: Promise<typeof wasm> | undefined;

/** The module; `onPanic` hears of a panic, after which it can do nothing more. `bytes` where it cannot be fetched. */
export function start(onPanic: (message: string) => void, bytes?: Uint8Array): Promise<typeof wasm> {
  started ??= (async () => {
    await init(bytes ? { module_or_path: bytes as BufferSource } : undefined);
    wasm.onPanic(onPanic);
    return wasm;
  })();
  return started;
}
