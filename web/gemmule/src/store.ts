/**
 * Models in the origin's private file system: one folder, a file a model, and beside it what is known of the model as
 * JSON. The page lists and removes them; the worker reads and writes them.
 */
import type { CachedModel, StorageEstimate } from './types.js';

const FOLDER = 'gemmule-models';
const ABOUT = '.json';

/** What is known of a model beside its bytes. */
export interface About {
  url: string;
  /** Bytes in all, where the server said so. */
  total?: number;
  /** The server's mark of this version of the file. */
  etag?: string;
  /** Once it was checked. */
  sha256?: string;
  complete: boolean;
}

/** The folder, or `undefined` where the browser has no such file system or refuses it, as in some private windows. */
export async function folder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await globalThis.navigator?.storage?.getDirectory?.();
    return await root?.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return undefined;
  }
}

/** What is known of a model; `undefined` where nothing is, or where what there is was cut off. */
export async function about(folder: FileSystemDirectoryHandle, name: string): Promise<About | undefined> {
  try {
    const handle = await folder.getFileHandle(name + ABOUT);
    return JSON.parse(await (await handle.getFile()).text()) as About;
  } catch {
    return undefined;
  }
}

/** The file that says what is known of a model. */
export function aboutFile(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemFileHandle> {
  return folder.getFileHandle(name + ABOUT, { create: true });
}

/** Every model, whole or not. */
export async function list(): Promise<CachedModel[]> {
  const models: CachedModel[] = [];
  const found = await folder();
  if (!found) return models;
  const entries = (found as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
  for await (const entry of entries) {
    if (entry.kind !== 'file' || entry.name.endsWith(ABOUT)) continue;
    const file = await (entry as FileSystemFileHandle).getFile();
    const known = await about(found, entry.name);
    const { url, sha256, complete = false } = known ?? {};
    models.push({ name: entry.name, bytes: file.size, complete, url, sha256 });
  }
  return models.sort((one, other) => one.name.localeCompare(other.name));
}

/** Removes a model; nothing happens where there is none. */
export async function remove(name: string): Promise<void> {
  const found = await folder();
  for (const file of [name, name + ABOUT]) {
    try {
      await found?.removeEntry(file);
    } catch (error) {
      if ((error as DOMException).name !== 'NotFoundError') throw error;
    }
  }
}

/** How much may be stored. */
export async function estimate(): Promise<StorageEstimate> {
  const storage = globalThis.navigator?.storage as StorageManager | undefined;
  const { usage = 0, quota = 0 } = (await storage?.estimate?.()) ?? {};
  const persistent = (await storage?.persisted?.()) ?? false;
  return { usedBytes: usage, freeBytes: Math.max(0, quota - usage), persistent };
}
