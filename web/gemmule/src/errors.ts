/**
 * What can go wrong, as classes to tell apart with `instanceof`. They cross from the worker by the name of their class.
 */
import type { LineError } from './types.js';

/** Any failure of this package; the other classes extend it. */
export class GemmuleError extends Error {
  override name = 'GemmuleError';
}

/** There is no WebGPU, or it gives no device. */
export class NoWebGPU extends GemmuleError {
  override name = 'NoWebGPU';
}

/** The device has no memory left for what was asked. */
export class OutOfMemory extends GemmuleError {
  override name = 'OutOfMemory';
}

/** The browser's storage has no room left for a model. */
export class StorageFull extends GemmuleError {
  override name = 'StorageFull';
}

/** The device is gone: a driver's reset, a long sleep. The next answer opens it again. */
export class DeviceLost extends GemmuleError {
  override name = 'DeviceLost';
}

/** The file is damaged, or no model that the engine runs; the message names the key or the tensor. */
export class BadModel extends GemmuleError {
  override name = 'BadModel';
}

/** The adapter is damaged, or none of this model's. */
export class BadAdapter extends GemmuleError {
  override name = 'BadAdapter';
}

/** Examples that cannot be learned from. */
export class DatasetError extends GemmuleError {
  override name = 'DatasetError';

  constructor(
    message: string,
    /** The lines at fault, where it is lines. */
    readonly lines: LineError[] = [],
  ) {
    super(message);
  }
}

/** A signal ended the call. */
export class Aborted extends GemmuleError {
  override name = 'Aborted';
}

/** A server could not be reached, or answered with something else than the model. */
export class Network extends GemmuleError {
  override name = 'Network';
}

/** The device lacks a feature or a limit that a kernel needs. */
export class MissingFeature extends GemmuleError {
  override name = 'MissingFeature';
}

const CLASSES = {
  GemmuleError,
  NoWebGPU,
  OutOfMemory,
  StorageFull,
  DeviceLost,
  BadModel,
  BadAdapter,
  DatasetError,
  Aborted,
  Network,
  MissingFeature,
};

/** An error as it crosses from the worker. */
export interface PlainError {
  kind: string;
  message: string;
  lines?: LineError[];
}

/** The name of the class that a thrown value is of; the wasm gives it in `kind`. */
export function kindOf(thrown: unknown): string {
  if (thrown instanceof GemmuleError) return thrown.name;
  const kind = (thrown as { kind?: unknown } | null)?.kind;
  return typeof kind === 'string' ? kind : 'GemmuleError';
}

/** Any thrown value, to be sent. */
export function toPlain(thrown: unknown): PlainError {
  const lines = (thrown as { lines?: LineError[] } | null)?.lines;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: kindOf(thrown), message, ...(lines ? { lines } : {}) };
}

/** The error that was sent. */
export function fromPlain({ kind, message, lines }: PlainError): GemmuleError {
  if (kind === 'DatasetError') return new DatasetError(message, lines);
  const Class = CLASSES[kind as Exclude<keyof typeof CLASSES, 'DatasetError'>] ?? GemmuleError;
  return new Class(message);
}
