/** The wasm module, started once in a worker. */
import init, * as wasm from '../wasm/gemmule_web.js';

export type { Answer, Engine, Meter, Training } from '../wasm/gemmule_web.js';

let started: Promise<typeof wasm> | undefined;
let memory: WebAssembly.Memory | undefined;

/** The module; `onPanic` hears of a panic, after which it can do nothing more. `bytes` where it cannot be fetched. */
export function start(onPanic: (message: string) => void, bytes?: Uint8Array): Promise<typeof wasm> {
  started ??= (async () => {
    memory = (await init(bytes ? { module_or_path: bytes as BufferSource } : undefined)).memory;
    wasm.onPanic(onPanic);
    return wasm;
  })();
  return started;
}

/** Bytes of the module's memory. It never shrinks, so that this is the most that it had. */
export const memoryBytes = (): number => memory?.buffer.byteLength ?? 0;
