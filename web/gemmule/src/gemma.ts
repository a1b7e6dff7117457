/** A model that chats, learns and is looked into, behind a worker of its own. */
import { connect, type Line } from './connect.js';
import { Aborted, DeviceLost, GemmuleError, fromPlain } from './errors.js';
import type { Calls, Loaded, PlainGenerateOptions, PlainTrainOptions, Streams, WorkerEvent } from './protocol.js';
import { Client } from './rpc.js';
import { tensors } from './safetensors.js';
import * as store from './store.js';
import type {
  AdapterSource,
  AnswerPart,
  CachedModel,
  DeviceInfo,
  GenerateOptions,
  LoadOptions,
  LoadProgress,
  MemoryUse,
  Message,
  ModelInfo,
  ModelSource,
  StorageEstimate,
  TrainOptions,
  TrainPart,
} from './types.js';

/** A loaded model, with the keys and values of the conversation that it had last. */
export class Gemma {
  /** What the model is. */
  readonly info: ModelInfo;
  /** What it runs on. */
  readonly device: DeviceInfo;
  readonly #line: Line;
  readonly #client: Client<Calls, Streams>;
  readonly #losses: Losses;

  private constructor(line: Line, client: Client<Calls, Streams>, losses: Losses, { info, device }: Loaded) {
    this.#line = line;
    this.#client = client;
    this.#losses = losses;
    this.info = info;
    this.device = device;
  }

  /**
   * Loads a Gemma 4 GGUF.
   *
   * @param source An address (downloaded once, then read from OPFS), a picked file, bytes, or one of {@link ModelSource}.
   * @throws NoWebGPU, BadModel, OutOfMemory, StorageFull, Network, MissingFeature, Aborted
   */
  static async load(
    source: ModelSource | string | URL | Blob | ArrayBuffer | Uint8Array,
    options: LoadOptions = {},
  ): Promise<Gemma> {
    const { signal, onProgress, ...plain } = options;
    const { sent, transfer } = prepared(source);
    // Asks the browser not to evict what is downloaded; only pages can.
    if ('url' in sent) void globalThis.navigator?.storage?.persist?.().catch(() => false);
    const line = await connect();
    const losses = new Losses();
    const client: Client<Calls, Streams> = new Client(line.port, (event) => {
      const told = event as WorkerEvent;
      if (told.type === 'lost') losses.tell(fromPlain(told.error));
      else client.fail(new GemmuleError(`the engine failed: ${told.message}`));
    });
    line.onFailure((message) => client.fail(new GemmuleError(`the worker failed: ${message}`)));
    try {
      const onReport = (progress: LoadProgress) => onProgress?.(progress);
      const loaded = await client.call('load', [sent, plain], { signal, transfer, onReport });
      // The worker may have been done before it heard of it.
      if (signal?.aborted) {
        await client.call('dispose', []);
        throw new Aborted('the load was aborted');
      }
      return new Gemma(line, client, losses, loaded);
    } catch (error) {
      line.close();
      throw error;
    }
  }

  /**
   * Answers a conversation. What of it was cached by the call before is not computed again.
   *
   * @returns Pieces of text as they come, and at the end the figures. Leaving the loop stops the answer.
   */
  chat(messages: readonly Message[], options: GenerateOptions = {}): AsyncIterableIterator<AnswerPart> {
    const { signal, ...plain } = options;
    return this.#client.stream('chat', [[...messages], plain satisfies PlainGenerateOptions], { signal, eager: true });
  }

  /** Goes on from a text as it is, without turns of a chat; control tokens in it count. */
  generate(prompt: string, options: GenerateOptions = {}): AsyncIterableIterator<AnswerPart> {
    const { signal, ...plain } = options;
    return this.#client.stream('generate', [prompt, plain satisfies PlainGenerateOptions], { signal, eager: true });
  }

  /** A text's token ids; what looks like a control token stays text. */
  tokenize(text: string): Promise<number[]> {
    return this.#client.call('tokenize', [text]);
  }

  /** The text of token ids, without control tokens. */
  detokenize(ids: readonly number[]): Promise<string> {
    return this.#client.call('detokenize', [[...ids]]);
  }

  /** The logits at each of these tokens, `[ids, vocabulary]` row by row; the conversation's cache stays as it is. */
  logits(ids: readonly number[]): Promise<Float32Array> {
    return this.#client.call('logits', [[...ids]]);
  }

  /**
   * Computes with an adapter from now on, instead of the one before.
   *
   * @param scale What its update is multiplied by; 1 as it was trained.
   * @throws BadAdapter
   */
  loadAdapter(source: AdapterSource, scale = 1): Promise<void> {
    return this.#client.call('loadAdapter', [source, scale]);
  }

  /** Computes without an adapter again. */
  unloadAdapter(): Promise<void> {
    return this.#client.call('unloadAdapter', []);
  }

  /** The cached conversation: its tokens, keys and values, for {@link restoreState} of the same model and adapter. */
  saveState(): Promise<Uint8Array> {
    return this.#client.call('saveState', []);
  }

  /** Goes on from a cached conversation. */
  restoreState(state: Uint8Array): Promise<void> {
    return this.#client.call('restoreState', [state]);
  }

  /**
   * Trains an adapter on examples, one JSON object a line: `{"messages": [...]}`, `{"prompt", "completion"}`, `{"text"}`
   * or `{"ids", "labels"}`. A step is taken when the next part is asked for; the last part has the adapter.
   *
   * @throws DatasetError with the lines that cannot be used; OutOfMemory, DeviceLost
   */
  train(dataset: string, options: TrainOptions = {}): AsyncIterableIterator<TrainPart> {
    const { signal, ...plain } = options;
    return this.#client.stream('train', [dataset, plain satisfies PlainTrainOptions], { signal, eager: false });
  }

  /** The gradients of a run's first step before clipping, by PEFT's names of the tensors. */
  async gradients(dataset: string, options: TrainOptions = {}): Promise<Map<string, Float32Array>> {
    const { signal, ...plain } = options;
    return tensors(await this.#client.call('gradients', [dataset, plain], { signal }));
  }

  /** Resolves when the device is lost. The answer under way goes on by itself, on another device. */
  get lost(): Promise<DeviceLost> {
    return this.#losses.next;
  }

  /** How much memory the model takes, on the device and in the worker. */
  memory(): Promise<MemoryUse> {
    return this.#client.call('memory', []);
  }

  /** Destroys the device, as a driver's reset does: to see what a program makes of it. */
  loseDevice(): Promise<void> {
    return this.#client.call('loseDevice', []);
  }

  /** Frees everything; no other call works afterwards. */
  async dispose(): Promise<void> {
    try {
      await this.#client.call('dispose', []);
    } finally {
      this.#client.fail(new GemmuleError('the model was disposed of'));
      this.#line.close();
    }
  }

  /** The models in OPFS, unfinished downloads too. */
  static cached(): Promise<CachedModel[]> {
    return store.list();
  }

  /** Removes a model, or an unfinished download, from OPFS. */
  static removeCached(name: string): Promise<void> {
    return store.remove(name);
  }

  /** How much this origin may store. */
  static storage(): Promise<StorageEstimate> {
    return store.estimate();
  }
}

/** Losses of the device, one after the other. */
class Losses {
  #resolve: (error: DeviceLost) => void = () => undefined;
  /** The next one. */
  next: Promise<DeviceLost> = new Promise((resolve) => (this.#resolve = resolve));

  tell(error: DeviceLost): void {
    this.#resolve(error);
    this.next = new Promise((resolve) => (this.#resolve = resolve));
  }
}

/** A source as it is sent. */
function prepared(source: ModelSource | string | URL | Blob | ArrayBuffer | Uint8Array): {
  sent: ModelSource;
  transfer: Transferable[];
} {
  if (typeof source === 'string' || source instanceof URL) return { sent: { url: absolute(source) }, transfer: [] };
  if (source instanceof Blob) return { sent: { file: source }, transfer: [] };
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) return prepared({ bytes: source });
  if ('url' in source) return { sent: { ...source, url: absolute(source.url) }, transfer: [] };
  if ('bytes' in source) {
    const { bytes } = source;
    // A view of a part of a buffer is copied: what else is in the buffer is not ours to move.
    const whole = bytes instanceof ArrayBuffer || bytes.byteLength === bytes.buffer.byteLength;
    const moved = whole ? bytes : bytes.slice();
    const buffer = moved instanceof ArrayBuffer ? moved : moved.buffer;
    return { sent: { ...source, bytes: moved }, transfer: buffer instanceof ArrayBuffer ? [buffer] : [] };
  }
  return { sent: source, transfer: [] };
}

/** Addresses are the page's, not the worker's. */
function absolute(url: string | URL): string {
  return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
}
