/** What the page asks of its worker, and what the worker tells unasked. */
import type { PlainError } from './errors.js';
import type {
  AdapterSource,
  AnswerPart,
  DeviceInfo,
  GenerateOptions,
  KernelTime,
  LoadOptions,
  MemoryUse,
  Message,
  Meter,
  MeterOptions,
  ModelInfo,
  ModelSource,
  TrainOptions,
  TrainPart,
} from './types.js';

/** Options without what cannot be sent. */
type Plain<T> = Omit<T, 'signal' | 'onProgress'>;

/** How a model is loaded, as it is sent. */
export type PlainLoadOptions = Plain<LoadOptions>;

/** How an answer is generated, as it is sent. */
export type PlainGenerateOptions = Plain<GenerateOptions>;

/** How an adapter is trained, as it is sent. */
export type PlainTrainOptions = Plain<TrainOptions>;

/** A loaded model and its device. */
export interface Loaded {
  info: ModelInfo;
  device: DeviceInfo;
}

/** One entry of the wasm's table of kernels. */
export interface TableEntry {
  name: string;
  wgsl: string;
  cost: string;
}

/** Calls with one reply. */
export interface Calls {
  load(source: ModelSource, options: PlainLoadOptions): Loaded;
  tokenize(text: string): number[];
  detokenize(ids: number[]): string;
  logits(ids: number[]): Float32Array;
  loadAdapter(source: AdapterSource, scale: number): void;
  unloadAdapter(): void;
  saveState(): Uint8Array;
  restoreState(state: Uint8Array): void;
  gradients(dataset: string, options: PlainTrainOptions): Uint8Array;
  kernels(): TableEntry[];
  openMeter(options: MeterOptions): Meter;
  timeKernel(name: string): KernelTime;
  closeMeter(): void;
  memory(): MemoryUse;
  loseDevice(): void;
  dispose(): void;
}

/** Calls with many parts. */
export interface Streams {
  chat(messages: Message[], options: PlainGenerateOptions): AnswerPart;
  generate(prompt: string, options: PlainGenerateOptions): AnswerPart;
  train(dataset: string, options: PlainTrainOptions): TrainPart;
}

/** What the worker tells unasked. */
export type WorkerEvent =
  /** The device is gone. */
  | { type: 'lost'; error: PlainError }
  /** The wasm panicked: the worker can do nothing more. */
  | { type: 'panic'; message: string };
