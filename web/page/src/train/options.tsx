/** How an adapter is trained: what most people change in sight, the rest folded. */
import type { ComponentChildren, VNode } from 'preact';
import type { Target, TrainOptions } from 'gemmule';
import { active, options, questions } from './store';

const TARGETS: readonly Target[] = ['q', 'k', 'v', 'o', 'gate', 'up', 'down', 'inp_gate', 'proj'];
const DEFAULT_TARGETS: readonly Target[] = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'];

/** Options that are numbers. */
type NumberKey = { [K in keyof TrainOptions]-?: NonNullable<TrainOptions[K]> extends number ? K : never }[keyof TrainOptions];

function set(part: { [K in keyof TrainOptions]: TrainOptions[K] | undefined }): void {
  const entries = Object.entries({ ...options.value, ...part }).filter(([, value]) => value !== undefined);
  options.value = Object.fromEntries(entries);
}

/** The options' part of the form. */
export function TrainOptionsForm(): VNode {
  const chosen = options.value;
  const targets = chosen.targets ?? DEFAULT_TARGETS;
  const toggle = (target: Target) => {
    const next = TARGETS.filter((each) => (each === target ? !targets.includes(each) : targets.includes(each)));
    set({ targets: next });
  };
  return (
    <fieldset disabled={active.value}>
      <legend class="visually-hidden">Options</legend>
      <div class="fields">
        <Number name="epochs" label="Passes" help="How often each example is seen." fallback="3" min={1} step={1} />
        <Number name="learningRate" label="Learning rate" help="Higher learns faster and forgets more." fallback="0.0002" min={0} step="any" />
        <Number name="rank" label="Rank" help="How much an adapter can hold." fallback="16" min={1} step={1} />
        <Number name="validation" label="Kept for validation" help="Share of the examples, 0 to 0.9." fallback="0" min={0} max={0.9} step={0.05} />
      </div>
      <label class="field">
        <span>Questions before and after</span>
        <textarea
          rows={1}
          placeholder="One a line. Empty: the first of the examples."
          value={questions.value}
          onInput={(event) => {
            questions.value = event.currentTarget.value;
          }}
        />
      </label>
      <details>
        <summary>Advanced</summary>
        <div class="fields">
          <Number name="steps" label="Steps" help="In all, instead of passes." fallback="by passes" min={1} step={1} />
          <Number name="batch" label="Examples a step" fallback="4" min={1} step={1} />
          <Number name="alpha" label="Alpha" help="Strength: alpha over rank." fallback="32" min={0} step="any" />
          <Number name="dropout" label="Dropout" fallback="0" min={0} max={0.95} step={0.05} />
          <Number name="warmup" label="Warm-up" help="Share of the steps in which the rate rises." fallback="0.03" min={0} max={1} step={0.01} />
          <Field label="Schedule">
            <select value={chosen.schedule ?? 'cosine'} onChange={(event) => set({ schedule: event.currentTarget.value as NonNullable<TrainOptions['schedule']> })}>
              <option value="cosine">cosine</option>
              <option value="linear">linear</option>
              <option value="constant">constant</option>
            </select>
          </Field>
          <Number name="weightDecay" label="Weight decay" fallback="0" min={0} step="any" />
          <Number name="clip" label="Gradient clip" help="0 clips nothing." fallback="1" min={0} step="any" />
          <Number name="maxLength" label="Longest example" help="In tokens." fallback="context" min={8} step={1} />
          <Number name="validationInterval" label="Steps between validations" fallback="a tenth" min={1} step={1} />
          <Number name="seed" label="Seed" fallback="0" min={0} step={1} />
          <Number name="memoryBytes" label="Most memory, in bytes" help="Slower, where it is short." fallback="no limit" min={0} step={1} />
        </div>
        <label class="check">
          <input type="checkbox" checked={chosen.rsLora ?? false} onChange={(event) => set({ rsLora: event.currentTarget.checked })} />
          Strength over the root of the rank (rsLoRA)
        </label>
        <div class="targets" role="group" aria-label="Projections that are adapted">
          {TARGETS.map((target) => (
            <label class="check" key={target}>
              <input type="checkbox" checked={targets.includes(target)} onChange={() => toggle(target)} />
              <code>{target}</code>
            </label>
          ))}
        </div>
      </details>
    </fieldset>
  );
}

function Field({ label, help, children }: { label: string; help?: string | undefined; children: ComponentChildren }): VNode {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {help && <small>{help}</small>}
    </label>
  );
}

function Number(props: { name: NumberKey; label: string; help?: string; fallback: string; min: number; max?: number; step: number | 'any' }): VNode {
  const { name, label, help, fallback, min, max, step } = props;
  return (
    <Field label={label} help={help}>
      <input
        type="number"
        min={min}
        {...(max === undefined ? {} : { max })}
        step={step}
        placeholder={fallback}
        value={options.value[name] ?? ''}
        onInput={(event) => {
          const value = event.currentTarget.valueAsNumber;
          set({ [name]: globalThis.Number.isNaN(value) ? undefined : value });
        }}
      />
    </Field>
  );
}
