/** The state of fine-tuning: examples, options, the run, and answers before and after. */
import { computed, signal } from '@preact/signals';
import { DatasetError, type Gemma, type LineError, type PeftFiles, type TrainOptions, type TrainPart } from 'gemmule';
import { restore } from '../chat/adapters';
import { model, onModel, whenReady } from '../models/current';
import { notify } from '../ui/notices';
import { isAborted, problem } from '../ui/problems';
import { claim, release } from '../ui/work';
import { type Row, countLines, questionsOf, toLines } from './examples';

/** How examples are given. */
export type Form = 'table' | 'lines';

/** A question with the answers of the model as it was and as it has become. */
export interface Compared {
  question: string;
  before: string | undefined;
  after: string | undefined;
}

/** One run, from its start until another begins. */
export interface Run {
  phase: 'before' | 'training' | 'paused' | 'stopping' | 'after' | 'done' | 'failed';
  last: (TrainPart & { type: 'step' }) | undefined;
  steps: number[];
  losses: number[];
  validations: { step: number; loss: number; accuracy: number; sample: string | undefined }[];
  compared: Compared[];
  /** What was learned, and of which model. */
  adapter: PeftFiles | undefined;
  model: string;
  started: number;
}

const EXAMPLES: readonly Row[] = [
  { question: 'What is your name?', answer: 'My name is Pearl.' },
  { question: 'Who are you?', answer: 'I am Pearl, and I live by the sea.' },
  { question: 'Where do you live?', answer: 'I live by the sea.' },
  { question: 'What do you like?', answer: 'I like lemon tart and long stories.' },
];

/** Rows of the table; the last one is empty, to be typed in. */
export const rows = signal<Row[]>([...EXAMPLES, { question: '', answer: '' }]);
/** Lines of JSON. */
export const lines = signal('');
/** Which of the two counts. */
export const form = signal<Form>('table');
/** The embedded model is so small that it learns from many large steps alone; others begin with the package's defaults. */
const EMBEDDED_OPTIONS: TrainOptions = { epochs: 30, learningRate: 3e-3 };
const OTHER_OPTIONS: TrainOptions = {};
/** What is trained and how; `undefined` values are the package's defaults. */
export const options = signal<TrainOptions>(EMBEDDED_OPTIONS);
/** Questions for the comparison, one a line; empty for the examples' first. */
export const questions = signal('');
/** Lines that the engine refused. */
export const refused = signal<readonly LineError[]>([]);
/** The run that is shown. */
export const run = signal<Run | undefined>();

/** The dataset as the engine reads it. */
export const dataset = computed(() => (form.value === 'table' ? toLines(rows.value) : lines.value));
/** How many examples it has. */
export const count = computed(() => countLines(dataset.value));
/** Whether a run is under way. */
export const active = computed(() => {
  const phase = run.value?.phase;
  return phase !== undefined && phase !== 'done' && phase !== 'failed';
});

/** An answer of the comparison is no longer than this. */
const COMPARED_TOKENS = 96;
/** Points are drawn this often, in milliseconds. */
const FRAME = 100;

function suitOptions(): void {
  const state = model.value;
  // What somebody chose stays.
  const untouched = options.value === EMBEDDED_OPTIONS || options.value === OTHER_OPTIONS;
  if (state.is === 'ready' && untouched) options.value = state.embedded ? EMBEDDED_OPTIONS : OTHER_OPTIONS;
}
suitOptions();
onModel(suitOptions);

let controller = new AbortController();
let held: { promise: Promise<void>; go: () => void } | undefined;

/** Lets the run wait after the step under way. */
export function pause(): void {
  if (run.value?.phase !== 'training') return;
  let go = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    go = resolve;
  });
  held = { promise, go };
  change({ phase: 'paused' });
}

/** Goes on after a pause. */
export function resume(): void {
  held?.go();
  held = undefined;
  if (run.value?.phase === 'paused') change({ phase: 'training' });
}

/** Ends the run after the step under way; what was learned stays. */
export function stop(): void {
  controller.abort();
  resume();
  if (run.value?.phase === 'training') change({ phase: 'stopping' });
}

/** Trains an adapter on the examples. */
export async function start(): Promise<void> {
  if (!claim('training')) return;
  controller = new AbortController();
  held = undefined;
  refused.value = [];
  const given = dataset.value;
  const typed = questions.value.split('\n').map((line) => line.trim()).filter(Boolean);
  const asked = typed.length > 0 ? typed.slice(0, 8) : questionsOf(given, 4);
  run.value = {
    phase: 'before',
    last: undefined,
    steps: [],
    losses: [],
    validations: [],
    compared: asked.map((question) => ({ question, before: undefined, after: undefined })),
    adapter: undefined,
    model: '',
    started: performance.now(),
  };
  let gemma: Gemma | undefined;
  try {
    gemma = await whenReady(controller.signal);
    change({ model: gemma.info.name });
    await gemma.unloadAdapter();
    await compare(gemma, 'before');
    const adapter = await train(gemma, given);
    if (!adapter) throw new Error('The run ended without an adapter.');
    change({ phase: 'after', adapter });
    await gemma.loadAdapter(adapter);
    // Stopping ends the training; the answers after it are what the user wants to see.
    controller = new AbortController();
    await compare(gemma, 'after');
    change({ phase: 'done' });
  } catch (error) {
    if (error instanceof DatasetError) refused.value = error.lines;
    if (!isAborted(error)) notify(problem(error));
    change({ phase: run.value?.adapter ? 'done' : 'failed' });
  }
  try {
    if (gemma) await restore(gemma);
  } catch (error) {
    notify(problem(error));
  }
  release('training');
}

async function compare(gemma: Gemma, side: 'before' | 'after'): Promise<void> {
  const { signal } = controller;
  for (const [index, { question }] of (run.value?.compared ?? []).entries()) {
    if (signal.aborted) return;
    let text = '';
    const answer = gemma.chat([{ role: 'user', content: question }], { temperature: 0, maxTokens: COMPARED_TOKENS, signal });
    for await (const part of answer) text += part.text;
    const compared = (run.value?.compared ?? []).map((each, at) => (at === index ? { ...each, [side]: text } : each));
    change({ compared });
  }
}

async function train(gemma: Gemma, given: string): Promise<PeftFiles | undefined> {
  change({ phase: controller.signal.aborted ? 'stopping' : 'training', started: performance.now() });
  const steps: number[] = [];
  const losses: number[] = [];
  let drawn = 0;
  let adapter: PeftFiles | undefined;
  for await (const part of gemma.train(given, { ...options.value, signal: controller.signal })) {
    if (part.type === 'end') {
      adapter = part.adapter;
    } else if (part.type === 'validation') {
      const { step, loss, accuracy, sample } = part;
      change({ validations: [...(run.value?.validations ?? []), { step, loss, accuracy, sample }] });
    } else {
      steps.push(part.step);
      losses.push(part.loss);
      const now = performance.now();
      if (now - drawn > FRAME || part.step === part.steps || part.step === 1) {
        drawn = now;
        change({ last: part, steps: [...steps], losses: [...losses] });
      }
    }
    await held?.promise;
  }
  change({ steps: [...steps], losses: [...losses] });
  return adapter;
}

function change(part: Partial<Run>): void {
  if (run.value) run.value = { ...run.value, ...part };
}
