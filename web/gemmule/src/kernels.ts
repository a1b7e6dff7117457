/** The kernels of this build, with their sources, and how long they take on this device. */
import { connect, type Line } from './connect.js';
import { Aborted, GemmuleError, MissingFeature } from './errors.js';
import { nodeModule } from './node.js';
import type { Calls, Streams, WorkerEvent } from './protocol.js';
import { Client } from './rpc.js';
import type { KernelInfo, KernelTime, MeasurePart, Meter, MeterOptions } from './types.js';

/** One kernel's Rust, as `kernels.json` has it. */
interface Source {
  file: string;
  source: string;
}

/** Every kernel variant that a browser can run: its Rust, its WGSL, its cost. It needs no GPU. */
export async function kernels(): Promise<KernelInfo[]> {
  const sources = await readJson<Record<string, Source>>(new URL('./kernels.json', import.meta.url));
  const { line, client } = await open();
  try {
    const table = await client.call('kernels', []);
    return table.map((entry) => {
      const { file = '', source = '' } = sources[entry.name.replace(/<.*/, '')] ?? {};
      return { ...entry, file, source };
    });
  } finally {
    line.close();
  }
}

/**
 * Times kernel variants on this device's GPU, one after the other, at the shapes of Gemma 4 E2B, in a worker of their
 * own. One that the device refuses does not end it.
 *
 * @param names Variants' names, as {@link kernels} gives them.
 * @throws NoWebGPU; Aborted, with the signal, at once
 */
export async function* measureKernels(
  names: Iterable<string>,
  { signal, ...options }: MeterOptions & { signal?: AbortSignal } = {},
): AsyncGenerator<MeasurePart, void> {
  let bench: Bench | undefined;
  try {
    for (const name of names) {
      if (!bench) {
        bench = await Bench.open(options, signal);
        yield { type: 'device', ...bench.meter };
      }
      const time = await bench.time(name).catch((error: unknown) => error as GemmuleError);
      if (time instanceof Aborted) throw time;
      if (!(time instanceof Error)) {
        yield { type: 'time', name, time };
        continue;
      }
      // Whatever else went wrong, the next kernel is not to suffer from it.
      if (!(time instanceof MissingFeature)) bench = void (await bench.close());
      yield { type: 'refused', name, error: time };
    }
  } finally {
    await bench?.close();
  }
}

/** A worker with a device to measure on. */
class Bench {
  private constructor(
    private readonly line: Line,
    private readonly client: Client<Calls, Streams>,
    readonly meter: Meter,
  ) {}

  static async open(options: MeterOptions, signal: AbortSignal | undefined): Promise<Bench> {
    if (signal?.aborted) throw new Aborted('the measurement was aborted');
    const { line, client } = await open();
    signal?.addEventListener('abort', () => client.fail(new Aborted('the measurement was aborted')));
    try {
      return new Bench(line, client, await client.call('openMeter', [options]));
    } catch (error) {
      line.close();
      throw error;
    }
  }

  time(name: string): Promise<KernelTime> {
    return this.client.call('timeKernel', [name]);
  }

  /** Frees the device; a worker that failed cannot, and goes with it. */
  async close(): Promise<void> {
    await this.client.call('closeMeter', []).catch(() => undefined);
    this.line.close();
  }
}

/** A worker of its own. */
async function open(): Promise<{ line: Line; client: Client<Calls, Streams> }> {
  const line = await connect();
  const client: Client<Calls, Streams> = new Client(line.port, (event) => {
    const told = event as WorkerEvent;
    if (told.type === 'panic') client.fail(new GemmuleError(`the engine failed: ${told.message}`));
  });
  line.onFailure((message) => client.fail(new GemmuleError(`the worker failed: ${message}`)));
  return { line, client };
}

async function readJson<T>(url: URL): Promise<T> {
  if (url.protocol !== 'file:') return (await (await fetch(url)).json()) as T;
  const { readFile } = await nodeModule<{ readFile(url: URL, encoding: string): Promise<string> }>('node:fs/promises');
  return JSON.parse(await readFile(url, 'utf8')) as T;
}
