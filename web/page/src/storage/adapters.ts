/** Saved adapters: their bytes in the browser's private file system (OPFS), their list in IndexedDB. */
import type { PeftFiles } from 'gemmule';
import { strToU8, unzip, zip } from 'fflate';
import { database } from './database';

/** An adapter in the list. */
export interface SavedAdapter {
  id: string;
  name: string;
  /** The model that it was trained on, by name. */
  model: string;
  /** Bytes of its weights. */
  bytes: number;
  /** When it was saved, in milliseconds since 1970. */
  created: number;
}

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';

async function folder(id: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return (await root.getDirectoryHandle('adapters', { create })).getDirectoryHandle(id, { create });
}

async function write(into: FileSystemDirectoryHandle, name: string, content: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const stream = await (await into.getFileHandle(name, { create: true })).createWritable();
  await stream.write(content);
  await stream.close();
}

/** Every saved adapter, the newest first. */
export async function list(): Promise<SavedAdapter[]> {
  return (await (await database()).getAll('adapters')).sort((a, b) => b.created - a.created);
}

/** Saves an adapter. Its bytes are written before it is listed, so a list never names what is not there. */
export async function save(name: string, model: string, files: PeftFiles): Promise<SavedAdapter> {
  const id = crypto.randomUUID();
  const into = await folder(id, true);
  await write(into, CONFIG, files.config);
  await write(into, WEIGHTS, new Uint8Array(files.weights));
  const saved = { id, name, model, bytes: files.weights.byteLength, created: Date.now() };
  await (await database()).put('adapters', saved);
  return saved;
}

/** Reads an adapter's files. */
export async function read(id: string): Promise<PeftFiles> {
  const from = await folder(id, false);
  const config = await (await (await from.getFileHandle(CONFIG)).getFile()).text();
  const weights = await (await (await from.getFileHandle(WEIGHTS)).getFile()).arrayBuffer();
  return { config, weights: new Uint8Array(weights) };
}

/** Deletes an adapter. */
export async function remove(id: string): Promise<void> {
  await (await database()).delete('adapters', id);
  const root = await navigator.storage.getDirectory();
  await (await root.getDirectoryHandle('adapters')).removeEntry(id, { recursive: true });
}

/** PEFT's two files as a zip, stored without compression: weights are noise to a compressor. */
export function toZip(files: PeftFiles): Promise<Uint8Array> {
  const entries = { [CONFIG]: strToU8(files.config), [WEIGHTS]: files.weights };
  return new Promise((resolve, reject) => {
    zip(entries, { level: 0 }, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** PEFT's two files out of a zip, wherever in it they lie. Rejects with what is missing. */
export function fromZip(bytes: Uint8Array): Promise<PeftFiles> {
  const named = (name: string) => (path: string) => path === name || path.endsWith(`/${name}`);
  return new Promise((resolve, reject) => {
    unzip(bytes, { filter: ({ name }) => named(CONFIG)(name) || named(WEIGHTS)(name) }, (error, files) => {
      if (error) return reject(new Error(`This is not a zip file that can be read: ${error.message}`));
      const config = files[Object.keys(files).find(named(CONFIG)) ?? ''];
      const weights = files[Object.keys(files).find(named(WEIGHTS)) ?? ''];
      if (!config) return reject(new Error(`The zip holds no ${CONFIG}.`));
      if (!weights) return reject(new Error(`The zip holds no ${WEIGHTS}.`));
      return resolve({ config: new TextDecoder().decode(config), weights });
    });
  });
}
