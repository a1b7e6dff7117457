/**
 * The model in use. There is always one or one on its way: when another cannot be loaded, the page says so and goes on
 * with the embedded one.
 */
import { signal } from '@preact/signals';
import { Gemma, type LoadProgress, type ModelSource } from 'gemmule';
import embeddedAddress from '../../../../models/tiny/tiny.gguf?url';
import { notify } from '../ui/notices';
import { isAborted, problem } from '../ui/problems';

/** What computes: `?device=gpu` and `?device=cpu` choose, where the package would choose otherwise. */
function wantedDevice(): { device: 'gpu' | 'cpu' } | object {
  const device = new URLSearchParams(location.search).get('device');
  return device === 'gpu' || device === 'cpu' ? { device } : {};
}

/** Where the model in use is; `kept` is its name among those kept in the browser. */
export type ModelState =
  | { is: 'loading'; name: string; progress: LoadProgress | undefined; cancel: (() => void) | undefined }
  | { is: 'ready'; name: string; embedded: boolean; kept: string | undefined; gemma: Gemma }
  | { is: 'failed'; name: string; error: unknown };

/** The embedded model's name, as its file gives it. */
export const EMBEDDED = 'Pebble Bay';

/** The model in use. */
export const model = signal<ModelState>({ is: 'loading', name: EMBEDDED, progress: undefined, cancel: undefined });

/** Whether the dialog of models is open. */
export const choosing = signal(false);

/** Whether the device was lost and is not open again yet. */
export const lost = signal(false);

/** What else depends on which model is in use, told after each change. */
const followers: (() => void)[] = [];

/** Calls back whenever another model came into use. */
export function onModel(follower: () => void): void {
  followers.push(follower);
}

let waiting: { resolve: (gemma: Gemma) => void; reject: (error: unknown) => void }[] = [];
let latest = 0;

/** The model, as soon as it is there. Rejects when none can be loaded, or with the signal. */
export function whenReady(signal: AbortSignal): Promise<Gemma> {
  const state = model.value;
  if (state.is === 'ready') return Promise.resolve(state.gemma);
  if (state.is === 'failed') return Promise.reject(state.error);
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function become(state: ModelState): void {
  model.value = state;
  if (state.is === 'loading') return;
  const told = waiting;
  waiting = [];
  for (const each of told) state.is === 'ready' ? each.resolve(state.gemma) : each.reject(state.error);
  for (const follower of followers) follower();
}

/** Loads the model that comes with the page. */
export async function loadEmbedded(): Promise<void> {
  const turn = ++latest;
  await dispose();
  become({ is: 'loading', name: EMBEDDED, progress: undefined, cancel: undefined });
  try {
    // The service worker keeps the file, so it is read from memory and not once more from OPFS.
    const response = await fetch(embeddedAddress);
    if (!response.ok) throw new Error(`the embedded model answered ${response.status} ${response.statusText}`);
    const bytes = await response.arrayBuffer();
    const gemma = await Gemma.load({ bytes, name: EMBEDDED }, { ...wantedDevice(), onProgress: progressOf(turn) });
    if (turn !== latest) return void gemma.dispose();
    become({ is: 'ready', name: gemma.info.name, embedded: true, kept: undefined, gemma });
    watch(gemma);
  } catch (error) {
    if (turn !== latest) return;
    become({ is: 'failed', name: EMBEDDED, error });
    notify(problem(error));
  }
}

/** Loads another model in the place of the one in use. */
export async function load(name: string, source: ModelSource, context: number | undefined): Promise<void> {
  const turn = ++latest;
  await dispose();
  const controller = new AbortController();
  become({ is: 'loading', name, progress: undefined, cancel: () => controller.abort() });
  try {
    const gemma = await Gemma.load(source, {
      ...wantedDevice(),
      onProgress: progressOf(turn),
      signal: controller.signal,
      ...(context === undefined ? {} : { context }),
    });
    if (turn !== latest) return void gemma.dispose();
    become({ is: 'ready', name: gemma.info.name, embedded: false, kept: keptName(source), gemma });
    watch(gemma);
  } catch (error) {
    if (turn !== latest) return;
    if (!isAborted(error)) notify(problem(error));
    await loadEmbedded();
  }
}

function keptName(source: ModelSource): string | undefined {
  if ('cached' in source) return source.cached;
  return 'url' in source ? source.name : undefined;
}

function progressOf(turn: number): (progress: LoadProgress) => void {
  return (progress) => {
    const state = model.value;
    if (turn === latest && state.is === 'loading') model.value = { ...state, progress };
  };
}

async function dispose(): Promise<void> {
  const state = model.value;
  lost.value = false;
  if (state.is === 'ready') await state.gemma.dispose();
}

/** Says when the device is lost; the next answer opens it again. */
function watch(gemma: Gemma): void {
  void gemma.lost.then(() => {
    const state = model.value;
    if (state.is === 'ready' && state.gemma === gemma) lost.value = true;
  });
}

/** To be called when an answer came: a device that was lost is open again, and may be lost anew. */
export function deviceAnswered(gemma: Gemma): void {
  if (!lost.value) return;
  lost.value = false;
  watch(gemma);
}
