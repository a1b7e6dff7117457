/** A run of training as parts: a step is taken when the next part is asked for. */
import type { PlainTrainOptions } from '../protocol.js';
import type { TrainPart } from '../types.js';
import { adapterBytes } from './host.js';
import type { Engine, Training } from './wasm.js';

type StepReport = Omit<Extract<TrainPart, { type: 'step' }>, 'type' | 'steps' | 'tokensPerSecond' | 'leftMs'> & {
  tokens: number;
};
type Validation = Pick<Extract<TrainPart, { type: 'validation' }>, 'step' | 'loss' | 'accuracy'>;

/** Validations of a run that does not say how many. */
const VALIDATIONS = 10;

/** The parts of a run; `alone` runs a piece of it while no other call uses the model. */
export async function* trainingParts(
  wasm: { Training: typeof Training },
  alone: <T>(work: (engine: Engine) => T | Promise<T>) => Promise<T>,
  dataset: string,
  options: PlainTrainOptions,
  signal: AbortSignal,
): AsyncGenerator<TrainPart, void> {
  const { init, sample, validationInterval, ...rest } = options;
  const begin = (engine: Engine) =>
    wasm.Training.begin(engine, dataset, JSON.stringify(rest), ...adapterBytes(init));
  const training = await alone(begin);
  try {
    const steps = training.steps();
    const interval = Math.max(1, Math.floor(validationInterval ?? steps / VALIDATIONS));
    let busyMs = 0;
    let done = 0;
    while (done < steps && !signal.aborted) {
      const begun = performance.now();
      const { tokens, ...report } = JSON.parse(await alone(() => training.step())) as StepReport;
      const tookMs = performance.now() - begun;
      [done, busyMs] = [report.step, busyMs + tookMs];
      const leftMs = (busyMs / done) * (steps - done);
      yield { type: 'step', ...report, steps, tokensPerSecond: tokens / (tookMs / 1000), leftMs };
      if (done % interval !== 0 && done !== steps) continue;
      const validation = await alone(() => training.validate());
      const text = sample === undefined ? undefined : await alone(() => training.sample(sample));
      if (validation === undefined && text === undefined) continue;
      const { loss, accuracy } = validation ? (JSON.parse(validation) as Validation) : { loss: NaN, accuracy: NaN };
      yield { type: 'validation', step: done, loss, accuracy, sample: text };
    }
    const { config, weights } = await alone(() => training.adapter());
    yield { type: 'end', steps: done, adapter: { config, weights } };
  } finally {
    training.free();
  }
}
