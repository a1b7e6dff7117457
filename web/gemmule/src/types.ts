/**
 * The package's public types: what is asked of a model and what it answers. `Gemma` in `gemma.ts` is built from them.
 */

/** Where a model's bytes come from. */
export type ModelSource =
  /** A GGUF at an address. It is downloaded once into the browser's private file system (OPFS), and resumed there. */
  | { url: string | URL; sha256?: string; name?: string }
  /** A GGUF that the user picked or dropped; read in pieces, never whole. */
  | { file: Blob; name?: string }
  /** A GGUF that an earlier load left in OPFS, by the name that {@link CachedModel} gives. */
  | { cached: string }
  /** A GGUF in memory. Its buffer is moved to the worker. */
  | { bytes: ArrayBuffer | Uint8Array; name?: string }
  /** A GGUF on disk, under Node only. */
  | { path: string };

/** What loading is busy with. */
export interface LoadProgress {
  /** `download` comes only with an address that is not cached yet, `verify` only with a sha256 to check. */
  stage: 'download' | 'verify' | 'read' | 'upload';
  /** Bytes done in this stage. */
  done: number;
  /** Bytes of this stage in all; `undefined` where a server does not say. */
  total: number | undefined;
}

/** How a model is loaded. */
export interface LoadOptions {
  /** Called as bytes arrive; at most some ten times a second. */
  onProgress?: (progress: LoadProgress) => void;
  /** Ends the load; the promise rejects with `Aborted`. What was downloaded stays for the next try. */
  signal?: AbortSignal;
  /** The most tokens of one conversation. The model's own limit, at most 4096, where it is not given. */
  context?: number;
  /**
   * What computes: a WebGPU device, or the same kernels as wasm in the worker. `auto`, the default, takes the GPU where
   * there is one, and the CPU where WebGPU is missing or only played by software, which is slower than wasm.
   */
  device?: 'auto' | 'gpu' | 'cpu';
  /** How keys and values are kept; `f16`, the default, takes half the memory. */
  cache?: 'f16' | 'f32';
  /** WebGPU features that are not asked for even where the adapter has them: to test a poorer device. */
  without?: readonly DeviceFeature[];
  /** Limits of a default WebGPU device even where the adapter has more: to test a poorer device. */
  defaultLimits?: boolean;
}

/** A WebGPU feature that the engine uses where it is there. */
export type DeviceFeature = 'shader-f16' | 'subgroups' | 'timestamp-query';

/** The device that a model runs on. */
export interface DeviceInfo {
  /** What the browser tells of the adapter: vendor, architecture, description. */
  description: string;
  /** Whether it is a software adapter (SwiftShader, lavapipe): correct, and slow. */
  software: boolean;
  /** The features in use. */
  features: DeviceFeature[];
  /** The largest storage binding, in bytes. */
  maxBindingBytes: number;
}

/** What a loaded model is. */
export interface ModelInfo {
  /** `general.name` of the file, else the name it was loaded by. */
  name: string;
  /** Layers. */
  layers: number;
  /** Width of the residual stream. */
  width: number;
  /** Tokens in the vocabulary. */
  vocabulary: number;
  /** The most tokens of one conversation. */
  context: number;
  /** Bytes of weights on the device. */
  residentBytes: number;
  /** Whether rows of the per-layer embedding table are read from the source as they are needed. */
  readsPerLayerRows: boolean;
}

/** How much memory a model takes. */
export interface MemoryUse {
  /** Bytes on the device: weights, caches, scratch and adapter. */
  deviceBytes: number;
  /** Bytes of the worker's WebAssembly memory: the most that it has had, for it never shrinks. */
  wasmBytes: number;
}

/** One turn of a conversation. */
export interface Message {
  /** Who speaks. A `system` message may only come first. */
  role: 'system' | 'user' | 'assistant';
  /** What is said. */
  content: string;
}

/** How tokens are chosen, with llama.cpp's and Ollama's names. */
export interface SamplingOptions {
  /** Logits are divided by it; 0 takes the likeliest token. Default 1. */
  temperature?: number;
  /** Only so many of the likeliest tokens stay; 0 keeps all. Default 64. */
  topK?: number;
  /** The likeliest tokens stay whose probabilities together reach it; 1 keeps all. Default 0.95. */
  topP?: number;
  /** Tokens stay that are at least so many times as likely as the likeliest; 0 keeps all. Default 0. */
  minP?: number;
  /** Logits of recent tokens are divided or multiplied by it; 1 changes nothing. Default 1. */
  repeatPenalty?: number;
  /** The same seed, prompt and device give the same answer. Default: a random one. */
  seed?: number;
}

/** How an answer is generated. */
export interface GenerateOptions extends SamplingOptions {
  /** Stops the answer; the stream then ends with `stopReason` `aborted`, it does not throw. */
  signal?: AbortSignal;
  /** The most tokens of the answer; what is left of the context where it is not given. */
  maxTokens?: number;
  /** Texts that end the answer; they are not part of it. */
  stop?: readonly string[];
}

/** Why an answer ended: the model's end token, `maxTokens`, one of `stop`, `signal`, or a full context. */
export type StopReason = 'end' | 'length' | 'stop' | 'aborted' | 'context';

/** Counts and speed of one answer. */
export interface AnswerStats {
  /** Tokens of the prompt, those found in the cache included. */
  promptTokens: number;
  /** Of these, tokens whose keys and values were cached already. */
  cachedTokens: number;
  /** Tokens of the answer. */
  answerTokens: number;
  /** From the call to the first token, in milliseconds. */
  firstTokenMs: number;
  /** Tokens per second after the first. */
  tokensPerSecond: number;
  /** Bytes on the device: weights, caches and scratch. */
  deviceBytes: number;
  /** Why it ended. */
  stopReason: StopReason;
}

/** A piece of an answer: text as it comes, and once, at the end, the figures. */
export type AnswerPart = { type: 'text'; text: string } | { type: 'end'; text: ''; stats: AnswerStats };

/** A model in OPFS. */
export interface CachedModel {
  /** The name to load it by. */
  name: string;
  /** Its size in bytes; of an unfinished download, what is there. */
  bytes: number;
  /** Whether all of it is there. */
  complete: boolean;
  /** Where it came from. */
  url: string | undefined;
  /** Its sha256 in hexadecimal, where it was checked. */
  sha256: string | undefined;
}

/** How much an origin may store. */
export interface StorageEstimate {
  /** Bytes in use. */
  usedBytes: number;
  /** Bytes that are still free. */
  freeBytes: number;
  /** Whether the browser promised not to evict it. */
  persistent: boolean;
}

/** An adapter's bytes: PEFT's two files, or llama.cpp's GGUF. */
export type AdapterSource =
  | { config: string | Uint8Array; weights: Uint8Array }
  | { gguf: Uint8Array };

/** An adapter in PEFT's files, as `PeftModel.from_pretrained` reads them. */
export interface PeftFiles {
  /** `adapter_config.json`. */
  config: string;
  /** `adapter_model.safetensors`. */
  weights: Uint8Array;
}

/** A projection that can be adapted: q, k, v, o, gate, up, down; the per-layer embedding's `inp_gate` and `proj`. */
export type Target = 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down' | 'inp_gate' | 'proj';

/** How an adapter is trained. Every option has a default that suits a few hundred short examples. */
export interface TrainOptions {
  /** Rank of the adapter. Default 16. */
  rank?: number;
  /** Its strength, `alpha / rank` (or `alpha / sqrt(rank)` with `rsLora`). Default 32. */
  alpha?: number;
  /** Whether the strength is divided by the rank's square root. Default false. */
  rsLora?: boolean;
  /** Share of an adapter's inputs that are dropped, 0 to below 1. Default 0. */
  dropout?: number;
  /** Which projections. Default: q, k, v, o, gate, up and down. */
  targets?: readonly Target[];
  /** Peak learning rate. Default 2e-4. */
  learningRate?: number;
  /** How the rate falls after the warm-up. Default `cosine`. */
  schedule?: 'constant' | 'linear' | 'cosine';
  /** Share of the steps in which the rate rises. Default 0.03. */
  warmup?: number;
  /** AdamW's weight decay. Default 0. */
  weightDecay?: number;
  /** The gradient's norm is clipped to it; 0 clips nothing. Default 1. */
  clip?: number;
  /** Examples a step. Default 4. */
  batch?: number;
  /** Longest example in tokens; longer ones are refused with their line. Default: the context. */
  maxLength?: number;
  /** Passes over the examples. Default 3. */
  epochs?: number;
  /** Steps in all, instead of `epochs`. */
  steps?: number;
  /** Share of the examples kept for validation, 0 to below 1. Default 0. */
  validation?: number;
  /** Steps between two validations. Default: one at each tenth of the run. */
  validationInterval?: number;
  /** A question that is answered at each validation. */
  sample?: string;
  /** Seed of the order, the adapter's start and dropout. Default 0. */
  seed?: number;
  /** The most bytes on the device; layers that do not fit compute their activations again. */
  memoryBytes?: number;
  /** An adapter to start from. */
  init?: AdapterSource;
  /** Ends the run after the step under way; the result then holds what was learned so far. */
  signal?: AbortSignal;
}

/** Where a run is. The run waits while `for await` has not asked for the next part, so not asking pauses it. */
export type TrainPart =
  | {
      type: 'step';
      /** Steps done. */
      step: number;
      /** Steps in all. */
      steps: number;
      /** Mean cross-entropy of the step's learned tokens, before its update. */
      loss: number;
      /** Learning rate of the step. */
      rate: number;
      /** The gradient's norm before clipping. */
      gradientNorm: number;
      /** Tokens per second of the step. */
      tokensPerSecond: number;
      /** Bytes on the device. */
      deviceBytes: number;
      /** Time left, in milliseconds. */
      leftMs: number;
    }
  | { type: 'validation'; step: number; loss: number; accuracy: number; sample: string | undefined }
  | { type: 'end'; steps: number; adapter: PeftFiles };

/** A line of a dataset that cannot be used, as `DatasetError.lines` lists it. */
export interface LineError {
  /** The line's number, from 1. */
  line: number;
  /** What is wrong with it. */
  message: string;
}

/** One kernel variant, for authors. */
export interface KernelInfo {
  /** Family and variant, as in `rms_norm::Weighted`. */
  name: string;
  /** The file of its Rust source. */
  file: string;
  /** The Rust source of its function. */
  source: string;
  /** The WGSL that was made from it, with the browser's prologue. */
  wgsl: string;
  /** Bytes and operations as formulas of its params. */
  cost: string;
}

/** How kernels are measured. */
export interface MeterOptions {
  /** WebGPU features that are not asked for even where the adapter has them: to see how a poorer device does. */
  without?: readonly DeviceFeature[];
  /** Limits of a default WebGPU device even where the adapter has more. */
  defaultLimits?: boolean;
}

/** The device that kernels are measured on. */
export interface Meter {
  device: DeviceInfo;
  /** What it can do at most, measured too; `undefined` where software plays it. */
  ceilings: Ceilings | undefined;
}

/** What a device can do at most. */
export interface Ceilings {
  /** Bytes that it reads from memory in a second. */
  bandwidth: number;
  /** `f32` operations in a second, a fused multiply-add counted as two. */
  arithmetic: number;
}

/** How long one dispatch of a kernel variant took, at the shapes that Gemma 4 E2B has. */
export interface KernelTime {
  /** Microseconds: the median batch, divided by its dispatches. */
  microseconds: number;
  /** The GPU's timestamps, or the wall clock where the device has no `timestamp-query`. */
  clock: 'timestamps' | 'wall';
  /** Dispatches in a batch, one right after the other. */
  runs: number;
  /** Batches. */
  batches: number;
  /** Its params, such as `n=786432`. */
  shape: string;
  /** Its workgroups. */
  groups: number;
  /** Bytes that memory has to move, each byte of a buffer once at most; `undefined` where that depends on data. */
  bytes: number | undefined;
  /** Floating-point operations. */
  operations: number | undefined;
  /** How much of what the device can do for such work; 1 is all, and caches may make it more. */
  share: number | undefined;
  /** What of the device's ceilings holds such work back. */
  bound: 'memory' | 'arithmetic' | undefined;
}

/** What a measurement tells: the device before its first kernel, and each kernel's time, or why it has none here. */
export type MeasurePart =
  | ({ type: 'device' } & Meter)
  | { type: 'time'; name: string; time: KernelTime }
  | { type: 'refused'; name: string; error: Error };
