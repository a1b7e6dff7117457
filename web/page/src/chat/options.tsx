/** The chat's options: the system turn, and how tokens are chosen. */
import type { VNode } from 'preact';
import { model } from '../models/current';
import { type Sampling, UNSET } from '../storage/settings';
import { Dialog } from '../ui/dialog';
import { chooseSampling, chooseSystem, current, sampling } from './store';

interface Field {
  key: keyof Sampling;
  label: string;
  help: string;
  fallback: string;
  min: number;
  max?: number;
  step: number;
}

const FIELDS: readonly Field[] = [
  { key: 'temperature', label: 'Temperature', help: '0 takes the likeliest word; higher is bolder.', fallback: '1', min: 0, max: 5, step: 0.1 },
  { key: 'topK', label: 'Top k', help: 'Only so many of the likeliest tokens; 0 keeps all.', fallback: '64', min: 0, step: 1 },
  { key: 'topP', label: 'Top p', help: 'The likeliest tokens that together reach this share.', fallback: '0.95', min: 0, max: 1, step: 0.01 },
  { key: 'minP', label: 'Min p', help: 'At least this share of the likeliest token; 0 keeps all.', fallback: '0', min: 0, max: 1, step: 0.01 },
  { key: 'repeatPenalty', label: 'Repeat penalty', help: 'Above 1, what was just said becomes unlikelier.', fallback: '1', min: 0.1, max: 5, step: 0.05 },
  { key: 'seed', label: 'Seed', help: 'The same seed gives the same answer.', fallback: 'random', min: 0, step: 1 },
  { key: 'maxTokens', label: 'Most tokens', help: 'Where an answer is cut.', fallback: 'what the context leaves', min: 1, step: 1 },
];

/** The options of the conversation that is open and of those to come. */
export function OptionsDialog({ onClose }: { onClose: () => void }): VNode {
  const state = model.value;
  const embedded = state.is === 'ready' && state.embedded;
  const chosen = sampling.value;
  const set = (key: keyof Sampling, text: string) => {
    const value = text.trim() === '' ? undefined : Number(text);
    if (value === undefined || Number.isFinite(value)) chooseSampling({ ...chosen, [key]: value });
  };
  return (
    <Dialog title="Options" onClose={onClose}>
      <label class="field">
        <span>System turn</span>
        <textarea
          rows={3}
          placeholder="Who the model is, and how it should answer"
          value={current.value.system}
          onInput={(event) => chooseSystem(event.currentTarget.value)}
        />
        <small>Stands before this conversation and those you begin later.</small>
      </label>
      <div class="fields">
        {FIELDS.map(({ key, label, help, fallback, min, max, step }) => (
          <label class="field" key={key}>
            <span>{label}</span>
            <input
              type="number"
              min={min}
              {...(max === undefined ? {} : { max })}
              step={step}
              placeholder={key === 'temperature' && embedded ? '0' : fallback}
              value={chosen[key] ?? ''}
              onInput={(event) => set(key, event.currentTarget.value)}
            />
            <small>{help}</small>
          </label>
        ))}
      </div>
      <div class="row end">
        <button type="button" onClick={() => chooseSampling(UNSET)}>
          Defaults
        </button>
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
