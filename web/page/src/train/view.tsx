/** Fine-tuning: examples and options on one side, the run and what it changed on the other. */
import type { VNode } from 'preact';
import { model } from '../models/current';
import { Icon } from '../ui/icons';
import { work } from '../ui/work';
import { Comparison } from './comparison';
import { Examples } from './examples-form';
import { TrainOptionsForm } from './options';
import { Progress } from './progress';
import { Result } from './result';
import { active, count, run, start } from './store';
import './train.css';

/** Fine-tuning's view. */
export function TrainView(): VNode {
  const state = model.value;
  const examples = count.value;
  const taken = work.value !== undefined;
  return (
    <div class="scroll" tabIndex={-1}>
      <div class="page-column train">
        <header class="page-head">
          <h1>Fine-tune</h1>
          <p>
            Teach {state.name} from examples, on this device. The model itself stays as it is: what it learns is a small adapter that can be
            put on and taken off.
          </p>
        </header>
        <div class="train-columns">
          <form
            class="train-form"
            aria-label="Examples and options"
            onSubmit={(event) => {
              event.preventDefault();
              void start();
            }}
          >
            <Examples />
            <TrainOptionsForm />
            {!active.value && (
              <button type="submit" class="primary big" disabled={examples === 0 || taken}>
                <Icon name="play" />
                {examples === 0 ? 'Add an example first' : `Train on ${examples} ${examples === 1 ? 'example' : 'examples'}`}
              </button>
            )}
          </form>
          <section class="train-run" aria-label="Run">
            {run.value ? (
              <>
                <Progress run={run.value} />
                <Result run={run.value} />
                <Comparison run={run.value} />
              </>
            ) : (
              <div class="card empty">
                <Icon name="train" />
                <p>The loss, step by step, and the answers before and after appear here.</p>
              </div>
            )}
          </section>
        </div>
      </div>
    </div>
  );
}
