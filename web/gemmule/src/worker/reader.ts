/** Random access to a model's bytes that never waits, as the wasm wants it. */
import { GemmuleError } from '../errors.js';
import { nodeModule } from '../node.js';

/** Where the wasm reads from. */
export interface Reader {
  /** What errors call it. */
  readonly name: string;
  /** Its bytes. */
  readonly size: number;
  /** Fills `out` with the bytes from `offset` on, or throws. */
  read(offset: number, out: Uint8Array): void;
  /** Lets go of what it holds. */
  close(): void;
}

/** Bytes in memory, outside of the wasm's. */
export function bytesReader(bytes: Uint8Array, name: string): Reader {
  return {
    name,
    size: bytes.byteLength,
    read: (offset, out) => out.set(bytes.subarray(offset, offset + out.byteLength)),
    close: () => undefined,
  };
}

/** What a worker has and the page has not. */
interface SyncReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** A file that the user picked, or any other blob: read in pieces where this is a browser's worker. */
export async function blobReader(blob: Blob, name: string): Promise<Reader> {
  const Sync = (globalThis as { FileReaderSync?: new () => SyncReader }).FileReaderSync;
  if (!Sync) return bytesReader(new Uint8Array(await blob.arrayBuffer()), name);
  const reader = new Sync();
  return {
    name,
    size: blob.size,
    read: (offset, out) => out.set(new Uint8Array(reader.readAsArrayBuffer(blob.slice(offset, offset + out.byteLength)))),
    close: () => undefined,
  };
}

/** A handle of OPFS that reads at once (WHATWG File System §2.7). */
export interface SyncHandle {
  read(out: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** An open file of OPFS. */
export function handleReader(handle: SyncHandle, name: string): Reader {
  return {
    name,
    size: handle.getSize(),
    read: (offset, out) => {
      let done = 0;
      while (done < out.byteLength) {
        const read = handle.read(out.subarray(done), { at: offset + done });
        if (read === 0) throw new GemmuleError(`the file ends at ${offset + done}`);
        done += read;
      }
    },
    close: () => handle.close(),
  };
}

// As much of Node's modules as is used here.
interface Files {
  openSync(path: string, flags: 'r'): number;
  fstatSync(file: number): { size: number };
  readSync(file: number, out: Uint8Array, offset: number, length: number, position: number): number;
  closeSync(file: number): void;
}
interface Paths {
  basename(path: string): string;
}

/** A file on disk, under Node. */
export async function pathReader(path: string): Promise<Reader> {
  const [fs, { basename }] = await Promise.all([nodeModule<Files>('node:fs'), nodeModule<Paths>('node:path')]);
  const file = fs.openSync(path, 'r');
  return {
    name: basename(path),
    size: fs.fstatSync(file).size,
    read: (offset, out) => {
      let done = 0;
      while (done < out.byteLength) {
        const read = fs.readSync(file, out, done, out.byteLength - done, offset + done);
        if (read === 0) throw new GemmuleError(`the file ends at ${offset + done}`);
        done += read;
      }
    },
    close: () => fs.closeSync(file),
  };
}
