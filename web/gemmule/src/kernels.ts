/** The kernels of this build, with their sources. */
import { connect } from './connect.js';
import { GemmuleError } from './errors.js';
import { nodeModule } from './node.js';
import type { Calls, Streams } from './protocol.js';
import { Client } from './rpc.js';
import type { KernelInfo } from './types.js';

/** One kernel's Rust, as `kernels.json` has it. */
interface Source {
  file: string;
  source: string;
}

/** Every kernel variant that a browser can run: its Rust, its WGSL, its cost. It needs no GPU. */
export async function kernels(): Promise<KernelInfo[]> {
  const sources = await readJson<Record<string, Source>>(new URL('./kernels.json', import.meta.url));
  const line = await connect();
  try {
    const client = new Client<Calls, Streams>(line.port, () => undefined);
    line.onFailure((message) => client.fail(new GemmuleError(`the worker failed: ${message}`)));
    const table = await client.call('kernels', []);
    return table.map((entry) => {
      const { file = '', source = '' } = sources[entry.name.replace(/<.*/, '')] ?? {};
      return { ...entry, file, source };
    });
  } finally {
    line.close();
  }
}

async function readJson<T>(url: URL): Promise<T> {
  if (url.protocol !== 'file:') return (await (await fetch(url)).json()) as T;
  const { readFile } = await nodeModule<{ readFile(url: URL, encoding: string): Promise<string> }>('node:fs/promises');
  return JSON.parse(await readFile(url, 'utf8')) as T;
}
