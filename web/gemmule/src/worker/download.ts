/**
 * A model at an address: streamed into the private file system and read from there, taken up again where an earlier try
 * ended. Where there is no such file system the browser keeps it as a blob, for this visit.
 */
import { Aborted, BadModel, GemmuleError, Network, StorageFull } from '../errors.js';
import { about, aboutFile, estimate, folder, remove, type About } from '../store.js';
import type { ModelSource } from '../types.js';
import { blobReader, handleReader, type Reader, type SyncHandle } from './reader.js';
import { checkSha256, type Checksum, type Opening } from './source.js';

type UrlSource = Extract<ModelSource, { url: unknown }>;

/** Bytes read at a time when a file that is there already is checked. */
const PIECE = 4 << 20;

/** Bytes after which what is known of an unfinished file is flushed to disk. */
const FLUSH_BYTES = 64 << 20;

/** Opens a model that is in the file system already. */
export async function openCached(name: string): Promise<Reader> {
  const models = await folder();
  const known = models && (await about(models, name));
  if (!models || !known) throw new GemmuleError(`there is no cached model "${name}"`);
  if (!known.complete) throw new GemmuleError(`the cached model "${name}" is not complete: load it from ${known.url}`);
  return openFile(await models.getFileHandle(name), name);
}

/** Opens a model at an address, once all of it is here. */
export async function download(source: UrlSource, opening: Opening): Promise<Reader> {
  const url = new URL(source.url, globalThis.location?.href).href;
  const models = await folder();
  if (!models || !('FileSystemSyncAccessHandle' in globalThis)) return downloadBlob(url, source, opening);
  const name = await nameOf(models, url, source.name);
  const known = await about(models, name);
  const wanted = source.sha256?.toLowerCase();
  if (known?.complete && (wanted === undefined || known.sha256 === wanted)) {
    return openFile(await models.getFileHandle(name), name);
  }
  await fetchInto(models, name, url, wanted, opening);
  return openFile(await models.getFileHandle(name), name);
}

/** The name of the file for an address: the caller's or the address' own, and another one where that is taken. */
async function nameOf(models: FileSystemDirectoryHandle, url: string, given: string | undefined): Promise<string> {
  const last = decodeURIComponent(new URL(url).pathname.split('/').pop() ?? '');
  const plain = (given ?? last).replace(/[^\w.() -]+/g, '_').replace(/^\.+/, '') || 'model.gguf';
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? plain : `${number}-${plain}`;
    const known = await about(models, name);
    if (!known || known.url === url) return name;
  }
}

/** A handle for reading; where another tab holds the file, a blob of it. */
async function openFile(file: FileSystemFileHandle, name: string): Promise<Reader> {
  try {
    return handleReader(await syncHandle(file, 'read-only'), name);
  } catch {
    return blobReader(await file.getFile(), name);
  }
}

function syncHandle(file: FileSystemFileHandle, mode: 'read-only' | 'readwrite'): Promise<SyncHandle> {
  type Opens = { createSyncAccessHandle(options: { mode: string }): Promise<SyncHandle> };
  return (file as unknown as Opens).createSyncAccessHandle({ mode });
}

async function write(models: FileSystemDirectoryHandle, name: string, known: About): Promise<void> {
  const handle = await syncHandle(await aboutFile(models, name), 'readwrite');
  try {
    handle.truncate(0);
    handle.write(new TextEncoder().encode(JSON.stringify(known)), { at: 0 });
    handle.flush();
  } finally {
    handle.close();
  }
}

/** Downloads what is missing of a file, and checks all of it. */
async function fetchInto(
  models: FileSystemDirectoryHandle,
  name: string,
  url: string,
  wanted: string | undefined,
  opening: Opening,
): Promise<void> {
  let handle: SyncHandle;
  try {
    handle = await syncHandle(await models.getFileHandle(name, { create: true }), 'readwrite');
  } catch (error) {
    throw new GemmuleError(`${name} is being downloaded by another tab: ${(error as Error).message}`);
  }
  try {
    const { have, total, response } = await ask(url, handle.getSize(), await about(models, name), opening.signal);
    const etag = response?.headers.get('etag') ?? undefined;
    if (response) await write(models, name, { url, complete: false, ...(total ? { total } : {}), ...(etag ? { etag } : {}) });
    handle.truncate(have);
    await checkRoom(name, have, total);
    const checksum = wanted === undefined ? undefined : opening.sha256();
    if (checksum) checkPresent(handle, have, checksum, opening);
    const size = response ? await append(handle, have, total, response, checksum, opening) : have;
    if (total !== undefined && size !== total) throw new Network(`${url}: ${size} of ${total} bytes came`);
    if (checksum) {
      try {
        checkSha256(checksum.finish(), wanted, name);
      } catch (error) {
        handle.close();
        await remove(name);
        throw error;
      }
    }
    handle.flush();
    const mark = etag ?? (await about(models, name))?.etag;
    const known = { url, total: size, complete: true, ...(mark ? { etag: mark } : {}) };
    await write(models, name, { ...known, ...(wanted ? { sha256: wanted } : {}) });
  } finally {
    handle.close();
  }
}

/** What a server has that is not here: how much of what is here counts, and the response with the rest of it. */
async function ask(
  url: string,
  have: number,
  known: About | undefined,
  signal: AbortSignal,
): Promise<{ have: number; total: number | undefined; response: Response | undefined }> {
  if (have > 0 && known && (known.complete || known.total === have)) return { have, total: have, response: undefined };
  if (have > 0 && known) {
    // `If-Range` would have the browser ask for leave first, which few servers give: the answer is compared instead.
    const response = await get(url, signal, { Range: `bytes=${have}-` });
    const rest = Number(response.headers.get('content-length') ?? NaN);
    const said = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    const total = said ? Number(said[2]) : have + rest;
    const etag = response.headers.get('etag') ?? undefined;
    const same = (known.etag === undefined || etag === undefined || known.etag === etag) && known.total === total;
    if (response.status === 206 && same && (!said || Number(said[1]) === have)) return { have, total, response };
    if (response.status === 200) return { have: 0, total: length(response), response };
    await response.body?.cancel();
  }
  const response = await get(url, signal, {});
  if (!response.ok) throw new Network(`${url}: the server answered ${response.status} ${response.statusText}`.trim());
  return { have: 0, total: length(response), response };
}

/** The length of a whole response; one that is decompressed on its way says nothing of it. */
function length(response: Response): number | undefined {
  const said = response.headers.get('content-length');
  return said === null || response.headers.has('content-encoding') ? undefined : Number(said);
}

async function get(url: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { signal, headers, credentials: 'omit' });
  } catch (error) {
    throw stopped(signal) ?? new Network(`${url} cannot be reached: ${(error as Error).message}`);
  }
}

function stopped(signal: AbortSignal): Aborted | undefined {
  return signal.aborted ? new Aborted('the download was aborted; what has come stays') : undefined;
}

/** Refuses a download that cannot fit. */
async function checkRoom(name: string, have: number, total: number | undefined): Promise<void> {
  const { freeBytes } = await estimate();
  const missing = (total ?? 0) - have;
  if (missing > freeBytes && freeBytes > 0) throw full(name, `${missing} bytes are missing, ${freeBytes} are free`);
}

function full(name: string, why: string): StorageFull {
  return new StorageFull(`${name} does not fit into the browser's storage: ${why}`);
}

/** Takes what is there already into the checksum. */
function checkPresent(handle: SyncHandle, have: number, checksum: Checksum, { signal, report }: Opening): void {
  const piece = new Uint8Array(PIECE);
  for (let done = 0; done < have; ) {
    const read = handle.read(piece.subarray(0, Math.min(PIECE, have - done)), { at: done });
    if (read === 0) throw new BadModel(`the file ends at ${done} of ${have} bytes`);
    checksum.update(piece.subarray(0, read));
    done += read;
    report({ stage: 'verify', done, total: have });
    const end = stopped(signal);
    if (end) throw end;
  }
}

/** Writes a response behind what is there; gives the file's size. */
async function append(
  handle: SyncHandle,
  have: number,
  total: number | undefined,
  response: Response,
  checksum: Checksum | undefined,
  opening: Opening,
): Promise<number> {
  let at = have;
  let flushed = have;
  for await (const chunk of chunks(response, opening.signal)) {
    try {
      handle.write(chunk, { at });
    } catch (error) {
      throw full(new URL(response.url).pathname, (error as Error).message);
    }
    checksum?.update(chunk);
    at += chunk.byteLength;
    if (at - flushed >= FLUSH_BYTES) {
      handle.flush();
      flushed = at;
    }
    opening.report({ stage: 'download', done: at, total });
  }
  return at;
}

/** The pieces of a response's body; a failure under way keeps its cause. */
async function* chunks(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  for (;;) {
    let piece: ReadableStreamReadResult<Uint8Array> | undefined;
    try {
      piece = await reader?.read();
    } catch (error) {
      throw stopped(signal) ?? new Network(`the connection broke: ${(error as Error).message}`);
    }
    if (!piece || piece.done) return;
    yield piece.value;
  }
}

/** Without a file system: a blob, which browsers keep on disk, for as long as the model is loaded. */
async function downloadBlob(url: string, source: UrlSource, opening: Opening): Promise<Reader> {
  const { total, response } = await ask(url, 0, undefined, opening.signal);
  const name = source.name ?? new URL(url).pathname.split('/').pop() ?? url;
  const checksum = source.sha256 === undefined ? undefined : opening.sha256();
  const parts: Blob[] = [];
  let done = 0;
  if (response) {
    for await (const chunk of chunks(response, opening.signal)) {
      checksum?.update(chunk);
      parts.push(new Blob([chunk as BlobPart]));
      done += chunk.byteLength;
      opening.report({ stage: 'download', done, total });
    }
  }
  if (total !== undefined && done !== total) throw new Network(`${url}: ${done} of ${total} bytes came`);
  if (checksum) checkSha256(checksum.finish(), source.sha256, name);
  return blobReader(new Blob(parts), name);
}
