/** A model in its worker: what the page asks for, one call after the other, on a device that may be lost and found. */
import { Channel } from '../channel.js';
import { Aborted, GemmuleError, kindOf, type PlainError } from '../errors.js';
import type { Calls, Loaded, PlainGenerateOptions, PlainLoadOptions, PlainTrainOptions, Streams, TableEntry, WorkerEvent } from '../protocol.js';
import { Moved, type Api, type Context } from '../rpc.js';
import type {
  AdapterSource,
  AnswerPart,
  AnswerStats,
  KernelTime,
  LoadProgress,
  MemoryUse,
  Message,
  Meter as MeterInfo,
  MeterOptions,
  ModelSource,
  TrainPart,
} from '../types.js';
import { CPU, chooseDevice, watchDevice, type OpenDevice } from './device.js';
import { Lock } from './lock.js';
import { Measuring } from './measuring.js';
import { thinned } from './progress.js';
import type { Reader } from './reader.js';
import { openSource } from './source.js';
import { trainingParts } from './training.js';
import { memoryBytes, start, type Answer, type Engine } from './wasm.js';

/** Times that one answer is taken up again after its device was lost. */
const RECOVERIES = 3;

/** The longest wait for a browser to say that a device was lost. */
const PATIENCE_MS = 2000;

interface Adapter {
  source: AdapterSource;
  scale: number;
}

/** Everything that is loaded. */
interface Model {
  engine: Engine;
  /** `undefined` where the CPU computes. */
  device: OpenDevice | undefined;
  /** Whether the device is gone. */
  lost: boolean;
}

/** What the worker offers. */
export class Host implements Api<Calls, Streams> {
  #lock = new Lock();
  #options: PlainLoadOptions = {};
  #reader: Reader | undefined;
  #model: Model | undefined;
  #adapter: Adapter | undefined;
  readonly #measuring = new Measuring();
  /** Answers under way. */
  readonly #answers = new Set<Answer>();

  constructor(
    private readonly tell: (event: WorkerEvent) => void,
    private readonly wasmBytes?: Uint8Array,
  ) {}

  load(context: Context, source: ModelSource, options: PlainLoadOptions): Promise<Loaded> {
    return this.#lock.run(async () => {
      const report = thinned(context.report);
      const { Sha256 } = await this.#wasm();
      this.#options = options;
      const { signal } = context;
      const reader = await openSource(source, { signal, report, sha256: () => new Sha256() });
      let loading = true;
      // The wasm cannot be told to stop, but it stops where it cannot read.
      const read = (offset: number, out: Uint8Array) => {
        if (loading && signal.aborted) throw new Aborted('the load was aborted');
        reader.read(offset, out);
      };
      this.#reader = { name: reader.name, size: reader.size, read, close: () => reader.close() };
      try {
        const { engine, device } = await this.#open(report);
        const info = JSON.parse(engine.info()) as Loaded['info'];
        return { info: { ...info, name: info.name ?? reader.name }, device: device?.info(options.without ?? []) ?? CPU };
      } catch (error) {
        this.#close();
        reader.close();
        throw signal.aborted ? new Aborted('the load was aborted') : error;
      } finally {
        loading = false;
      }
    });
  }

  async *chat(context: Context, messages: Message[], options: PlainGenerateOptions): AsyncGenerator<AnswerPart, void> {
    yield* this.#answer(context, (engine) => engine.chat(JSON.stringify(messages), answerOptions(options)));
  }

  async *generate(context: Context, prompt: string, options: PlainGenerateOptions): AsyncGenerator<AnswerPart, void> {
    yield* this.#answer(context, (engine) => engine.generate(prompt, answerOptions(options)));
  }

  tokenize(_: Context, text: string): Promise<number[]> {
    return this.#with((engine) => [...engine.tokenize(text)]);
  }

  detokenize(_: Context, ids: number[]): Promise<string> {
    return this.#with((engine) => engine.detokenize(Uint32Array.from(ids)));
  }

  async logits(_: Context, ids: number[]): Promise<Moved<Float32Array>> {
    const logits = await this.#with((engine) => engine.logits(Uint32Array.from(ids)));
    return new Moved(logits, [logits.buffer]);
  }

  loadAdapter(_: Context, source: AdapterSource, scale: number): Promise<void> {
    return this.#with(async (engine) => {
      await applyAdapter(engine, { source, scale });
      this.#adapter = { source, scale };
    });
  }

  unloadAdapter(): Promise<void> {
    return this.#with(async (engine) => {
      await engine.unloadAdapter();
      this.#adapter = undefined;
    });
  }

  async saveState(): Promise<Moved<Uint8Array>> {
    const state = await this.#with((engine) => engine.saveState());
    return new Moved(state, [state.buffer]);
  }

  restoreState(_: Context, state: Uint8Array): Promise<void> {
    return this.#with((engine) => engine.restoreState(state));
  }

  async *train(context: Context, dataset: string, options: PlainTrainOptions): AsyncGenerator<TrainPart, void> {
    const run = <T>(work: (engine: Engine) => T | Promise<T>) => this.#with(work);
    yield* trainingParts(await this.#wasm(), run, dataset, options, context.signal);
  }

  async gradients(_: Context, dataset: string, options: PlainTrainOptions): Promise<Uint8Array> {
    const { Training } = await this.#wasm();
    return this.#with(async (engine) => {
      const { init, sample, validationInterval, ...rest } = options;
      const training = Training.begin(engine, dataset, JSON.stringify(rest), ...adapterBytes(init));
      try {
        return await training.gradients();
      } finally {
        training.free();
      }
    });
  }

  async kernels(): Promise<TableEntry[]> {
    const { kernelTable } = await this.#wasm();
    return JSON.parse(kernelTable()) as TableEntry[];
  }

  async openMeter(_: Context, options: MeterOptions): Promise<MeterInfo> {
    return this.#measuring.open(await this.#wasm(), options);
  }

  timeKernel(_: Context, name: string): Promise<KernelTime> {
    return this.#measuring.time(name);
  }

  closeMeter(): void {
    this.#measuring.close();
  }

  memory(): Promise<MemoryUse> {
    return this.#with((engine) => ({ deviceBytes: engine.deviceBytes(), wasmBytes: memoryBytes() }));
  }

  async loseDevice(): Promise<void> {
    const device = this.#model?.device?.device;
    device?.destroy();
    await device?.lost;
  }

  dispose(): Promise<void> {
    for (const answer of this.#answers) answer.cancel();
    return this.#lock.run(() => {
      this.#close();
      this.#reader?.close();
      this.#reader = undefined;
    });
  }

  #wasm() {
    return start((message) => this.tell({ type: 'panic', message }), this.wasmBytes);
  }

  /** Does something with the model while no other call does, on a device that is there. */
  #with<T>(work: (engine: Engine) => T | Promise<T>): Promise<T> {
    return this.#lock.run(async () => work(await this.#ready()));
  }

  /** The engine; after its device was lost, on another one. */
  async #ready(): Promise<Engine> {
    if (this.#model && !this.#model.lost) return this.#model.engine;
    return (await this.#open(() => undefined)).engine;
  }

  /** Opens a device, and the model on it, with its adapter. */
  async #open(report: (progress: LoadProgress) => void): Promise<Model> {
    const reader = this.#reader;
    if (!reader) throw new GemmuleError('no model is loaded');
    this.#close();
    const { Engine } = await this.#wasm();
    const { without = [], context, cache, defaultLimits } = this.#options;
    const chosen = await chooseDevice(this.#options.device, reader.size);
    const options = JSON.stringify({ device: chosen, without, context, cache, defaultLimits });
    const open = () =>
      Engine.open(reader, options, (done: number, total: number) => report({ stage: 'upload', done, total }));
    const { value: engine, device } =
      chosen === 'gpu' ? await watchDevice(without, open) : { value: await open(), device: undefined };
    const model: Model = { engine, device, lost: false };
    this.#model = model;
    void device?.device.lost.then(({ reason, message }) => {
      model.lost = true;
      if (this.#model !== model) return;
      const error: PlainError = { kind: 'DeviceLost', message: `the device was lost: ${message || reason}` };
      this.tell({ type: 'lost', error });
    });
    if (this.#adapter) await applyAdapter(engine, this.#adapter);
    return model;
  }

  #close(): void {
    const model = this.#model;
    this.#model = undefined;
    model?.engine.free();
    model?.device?.device.destroy();
  }

  /** Whether the device is gone, of which a browser may tell only after what failed for it. */
  #loss(): Promise<boolean> {
    const lost = this.#model?.device?.device.lost.then(() => true) ?? Promise.resolve(false);
    return Promise.race([lost, new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false))]);
  }

  /** Parts of an answer; where the device is lost meanwhile, another one goes on with the tokens that are there. */
  async *#answer(context: Context, begin: (engine: Engine) => Answer): AsyncGenerator<AnswerPart, void> {
    const called = performance.now();
    const release = await this.#lock.take();
    try {
      let engine = await this.#ready();
      const answer = begin(engine);
      this.#answers.add(answer);
      const cancel = () => answer.cancel();
      context.signal.addEventListener('abort', cancel);
      if (context.signal.aborted) cancel();
      const texts = new Channel<string>();
      const times: number[] = [];
      const show = (text: string) => {
        times.push(performance.now());
        if (text) texts.push(text);
      };
      const run = async () => {
        for (let recoveries = 0; ; recoveries += 1) {
          try {
            return await engine.run(answer, show);
          } catch (error) {
            if (kindOf(error) !== 'DeviceLost' || recoveries === RECOVERIES || !(await this.#loss())) throw error;
            engine = await this.#ready();
          }
        }
      };
      void run().then(
        () => texts.close(),
        (error) => texts.fail(error),
      );
      for (let part = await texts.next(); !part.done; part = await texts.next()) yield { type: 'text', text: part.value };
      context.signal.removeEventListener('abort', cancel);
      const counts = JSON.parse(answer.counts()) as Counts;
      this.#answers.delete(answer);
      answer.free();
      yield { type: 'end', text: '', stats: { ...counts, ...speed(called, times, counts), deviceBytes: engine.deviceBytes() } };
    } finally {
      release();
    }
  }
}

type Counts = Pick<AnswerStats, 'promptTokens' | 'cachedTokens' | 'answerTokens' | 'stopReason'>;

/** The times of an answer's tokens: one report a token, and one at its end. */
function speed(called: number, times: number[], { answerTokens }: Counts) {
  const [first, last] = [times[0] ?? called, times[answerTokens - 1] ?? called];
  const seconds = (last - first) / 1000;
  return { firstTokenMs: first - called, tokensPerSecond: seconds > 0 ? (answerTokens - 1) / seconds : 0 };
}

/** Options of an answer without what the wasm does not know, with a seed where none was given. */
function answerOptions(options: PlainGenerateOptions): string {
  const { temperature, topK, topP, minP, repeatPenalty, maxTokens, stop } = options;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  return JSON.stringify({ temperature, topK, topP, minP, repeatPenalty, maxTokens, stop, seed });
}

/** An adapter's files as the wasm takes them: configuration and tensors, or one GGUF. */
export function adapterBytes(source: AdapterSource | undefined): [Uint8Array | undefined, Uint8Array | undefined] {
  if (!source) return [undefined, undefined];
  if ('gguf' in source) return [undefined, source.gguf];
  const { config, weights } = source;
  return [typeof config === 'string' ? new TextEncoder().encode(config) : config, weights];
}

async function applyAdapter(engine: Engine, { source, scale }: Adapter): Promise<void> {
  const [config, weights] = adapterBytes(source);
  if (weights) await engine.loadAdapter(config, weights, scale);
}
