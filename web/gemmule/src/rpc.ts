/**
 * Calls between the page and its worker: one reply to a call, many parts to a stream, an abort for either. Types come
 * from {@link Api}, which the worker implements.
 */
import { Channel } from './channel.js';
import { Aborted, GemmuleError, fromPlain, toPlain, type PlainError } from './errors.js';

/** One end of the line: a worker, a worker's own scope, or a message port. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** What a call is given beside its arguments. */
export interface Context {
  /** Ends the call. */
  signal: AbortSignal;
  /** Tells the caller something meanwhile. */
  report(event: unknown): void;
}

/** What the other side offers: functions that answer once, and generators of parts. */
export type Api<Calls, Streams> = {
  [K in keyof Calls]: Calls[K] extends (...args: infer A) => infer R
    ? (context: Context, ...args: A) => R | Moved<R> | Promise<R | Moved<R>>
    : never;
} & {
  [K in keyof Streams]: Streams[K] extends (...args: infer A) => infer P
    ? (context: Context, ...args: A) => AsyncGenerator<P, void>
    : never;
};

/** A value whose buffers are moved and not copied. */
export class Moved<T> {
  constructor(
    readonly value: T,
    readonly transfer: Transferable[],
  ) {}
}

interface StreamRequest {
  id: number;
  stream: string;
  args: unknown[];
  /** Whether parts are made before they are asked for. */
  eager: boolean;
}

type Request =
  | { id: number; call: string; args: unknown[] }
  | StreamRequest
  | { id: number; next: true }
  | { id: number; abort: true };

type Reply =
  | { id: number; value: unknown }
  | { id: number; error: PlainError }
  | { id: number; part: unknown }
  | { id: number; done: true }
  | { id: number; report: unknown }
  | { id: 0; event: unknown };

/** How a stream is asked for. */
export interface StreamOptions {
  signal?: AbortSignal | undefined;
  /** Whether parts are made before they are asked for. */
  eager: boolean;
}

interface Pending {
  take(reply: Reply): void;
  fail(error: GemmuleError): void;
}

/** The calling side. */
export class Client<Calls, Streams> {
  #port: Port;
  #pending = new Map<number, Pending>();
  #last = 0;
  #failed: GemmuleError | undefined;

  constructor(port: Port, onEvent: (event: unknown) => void) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('event' in data) onEvent(data.event);
      else this.#pending.get(data.id)?.take(data);
    };
  }

  /** Ends every call under way, and all later ones. */
  fail(error: GemmuleError): void {
    this.#failed ??= error;
    for (const pending of [...this.#pending.values()]) pending.fail(error);
    this.#pending.clear();
  }

  /** Calls a function of the other side. */
  call<K extends keyof Calls & string>(
    name: K,
    args: Calls[K] extends (...args: infer A) => unknown ? A : never,
    options: { signal?: AbortSignal | undefined; transfer?: Transferable[]; onReport?: (report: never) => void } = {},
  ): Promise<Calls[K] extends (...args: never[]) => infer R ? R : never> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const id = this.#open(signal, reject, {
        take: (reply) => {
          if ('report' in reply) return options.onReport?.(reply.report as never);
          this.#close(id, signal, abort);
          if ('error' in reply) reject(fromPlain(reply.error));
          else if ('value' in reply) resolve(reply.value as never);
        },
        fail: reject,
      });
      const abort = () => this.#send({ id, abort: true });
      if (id === 0) return;
      signal?.addEventListener('abort', abort);
      this.#send({ id, call: name, args }, options.transfer);
    });
  }

  /** Takes parts of a stream of the other side; it begins with the first part that is asked for. */
  stream<K extends keyof Streams & string>(
    name: K,
    args: Streams[K] extends (...args: infer A) => unknown ? A : never,
    { signal, eager }: StreamOptions,
  ): AsyncIterableIterator<Streams[K] extends (...args: never[]) => infer P ? P : never> {
    type Part = Streams[K] extends (...args: never[]) => infer P ? P : never;
    const parts = new Channel<Part>();
    let id = 0;
    let over = false;
    const abort = () => this.#send({ id, abort: true });
    const end = () => {
      over = true;
      this.#close(id, signal, abort);
    };
    const begin = () => {
      id = this.#open(undefined, (error) => parts.fail(error), {
        take: (reply) => {
          if ('part' in reply) return parts.push(reply.part as Part);
          end();
          if ('error' in reply) parts.fail(fromPlain(reply.error));
          else parts.close();
        },
        fail: (error) => parts.fail(error),
      });
      if (id === 0) return;
      signal?.addEventListener('abort', abort);
      this.#send({ id, stream: name, args, eager });
      if (signal?.aborted) abort();
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        if (id === 0 && !over) begin();
        else if (!eager && !over) this.#send({ id, next: true });
        return parts.next();
      },
      // Whoever leaves the loop wants no more of it.
      return: async () => {
        if (id !== 0 && !over) {
          abort();
          end();
        }
        over = true;
        parts.close();
        return { done: true, value: undefined };
      },
    };
  }

  #open(signal: AbortSignal | undefined, reject: (error: GemmuleError) => void, pending: Pending): number {
    const refused = this.#failed ?? (signal?.aborted ? new Aborted('the call was aborted before it began') : undefined);
    if (refused) {
      reject(refused);
      return 0;
    }
    this.#last += 1;
    this.#pending.set(this.#last, pending);
    return this.#last;
  }

  #close(id: number, signal: AbortSignal | undefined, abort: () => void): void {
    this.#pending.delete(id);
    signal?.removeEventListener('abort', abort);
  }

  #send(request: Request, transfer: Transferable[] = []): void {
    this.#port.postMessage(request, transfer);
  }
}

/** A call under way on the answering side. */
interface Running {
  controller: AbortController;
  /** Parts that were asked for and not sent yet. */
  asked: number;
  wake?: () => void;
}

/** The answering side; gives a function that tells the caller of something that it did not ask for. */
export function serve<Calls, Streams>(port: Port, api: Api<Calls, Streams>): (event: unknown) => void {
  const running = new Map<number, Running>();
  const send = (reply: Reply, transfer: Transferable[] = []) => port.postMessage(reply, transfer);
  type Handler = (context: Context, ...args: unknown[]) => unknown;
  const handle = (name: string, context: Context, args: unknown[]) => {
    const handler = (api as Record<string, Handler | undefined>)[name];
    if (!handler) throw new GemmuleError(`the worker has no \`${name}\`: page and worker are of different versions`);
    return handler.call(api, context, ...args);
  };

  async function call(id: number, name: string, args: unknown[], context: Context): Promise<void> {
    const result = await handle(name, context, args);
    if (result instanceof Moved) send({ id, value: result.value }, result.transfer);
    else send({ id, value: result });
  }

  async function stream(id: number, { stream, args, eager }: StreamRequest, context: Context, state: Running) {
    const parts = handle(stream, context, args) as AsyncGenerator<unknown>;
    for (;;) {
      while (!eager && state.asked === 0 && !context.signal.aborted) {
        await new Promise<void>((resolve) => (state.wake = resolve));
      }
      state.asked -= 1;
      const { done, value } = await parts.next();
      if (done) break;
      if (value instanceof Moved) send({ id, part: value.value }, value.transfer);
      else send({ id, part: value });
    }
    send({ id, done: true });
  }

  port.onmessage = ({ data }: MessageEvent<Request>) => {
    const { id } = data;
    const known = running.get(id);
    if ('abort' in data || 'next' in data) {
      if (!known) return;
      if ('abort' in data) known.controller.abort();
      else known.asked += 1;
      return known.wake?.();
    }
    const state: Running = { controller: new AbortController(), asked: 1 };
    running.set(id, state);
    const context = { signal: state.controller.signal, report: (report: unknown) => send({ id, report }) };
    const work = 'call' in data ? call(id, data.call, data.args, context) : stream(id, data, context, state);
    work.catch((thrown: unknown) => send({ id, error: toPlain(thrown) })).finally(() => running.delete(id));
  };
  return (event) => send({ id: 0, event });
}
