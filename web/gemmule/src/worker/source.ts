/** A model's bytes, wherever they are, as something that the wasm can read. */
import { BadModel, GemmuleError } from '../errors.js';
import type { LoadProgress, ModelSource } from '../types.js';
import { download, openCached } from './download.js';
import { blobReader, bytesReader, pathReader, type Reader } from './reader.js';

/** A checksum under way. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  finish(): string;
}

/** What opening a source may need. */
export interface Opening {
  signal: AbortSignal;
  report: (progress: LoadProgress) => void;
  sha256: () => Checksum;
}

/** What errors and the model are called where nothing else is known. */
const UNNAMED = 'the model';

/** Opens a source. */
export async function openSource(source: ModelSource, opening: Opening): Promise<Reader> {
  if ('bytes' in source) return bytesReader(new Uint8Array(source.bytes as ArrayBuffer), source.name ?? UNNAMED);
  if ('file' in source) return blobReader(source.file, source.name ?? (source.file as File).name ?? UNNAMED);
  if ('url' in source) return download(source, opening);
  if ('cached' in source) return openCached(source.cached);
  if ('path' in source) return pathReader(source.path);
  throw new GemmuleError('a model comes from one of: url, file, cached, bytes, path');
}

/** Refuses bytes that are not those that were expected. */
export function checkSha256(found: string, expected: string | undefined, name: string): void {
  if (expected === undefined || found === expected.toLowerCase()) return;
  throw new BadModel(`${name}: the sha256 is ${found}, not ${expected}: the file was damaged on its way, or is another one`);
}
