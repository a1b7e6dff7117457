/** The worker: everything that takes time, and all memory of a model, is in here. */
import { serve } from './rpc.js';
import type { Port } from './rpc.js';
import type { Calls, Streams, WorkerEvent } from './protocol.js';
import { Host } from './worker/host.js';

/** Answers the calls that come through a port; under Node the wasm's bytes are handed in. */
export function listen(port: Port, wasmBytes?: Uint8Array): void {
  let tell: (event: WorkerEvent) => void = () => undefined;
  tell = serve<Calls, Streams>(port, new Host((event) => tell(event), wasmBytes));
}

// In a page's worker its own scope is the port; under Node this file is only imported.
const scope = globalThis as { DedicatedWorkerGlobalScope?: new () => object };
if (scope.DedicatedWorkerGlobalScope && globalThis instanceof scope.DedicatedWorkerGlobalScope) {
  listen(globalThis as unknown as Port);
}
