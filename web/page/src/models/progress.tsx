/** How far a model's load is, and how to end it. */
import type { VNode } from 'preact';
import type { LoadProgress } from 'gemmule';
import { bytes } from '../ui/format';
import type { ModelState } from './current';

const STAGES: Record<LoadProgress['stage'], string> = {
  download: 'Downloading',
  verify: 'Checking',
  read: 'Reading',
  upload: 'To the device',
};

/** A load's stage in words, with its share where that is known. */
export function stageOf(progress: LoadProgress | undefined): string {
  if (!progress) return 'Starting';
  const share = progress.total ? ` ${Math.floor((100 * progress.done) / progress.total)} %` : '';
  return STAGES[progress.stage] + share;
}

/** A progress bar with what it stands for. */
export function Progress({ state }: { state: ModelState & { is: 'loading' } }): VNode {
  const { progress } = state;
  return (
    <div class="progress">
      <div class="row">
        <strong class="grow">{state.name}</strong>
        {state.cancel && (
          <button type="button" onClick={state.cancel}>
            Cancel
          </button>
        )}
      </div>
      <progress aria-label={`Loading ${state.name}`} max={progress?.total ?? 1} {...(progress?.total ? { value: progress.done } : {})} />
      <span class="muted">
        {stageOf(progress)}
        {progress ? ` · ${bytes(progress.done)}${progress.total ? ` of ${bytes(progress.total)}` : ''}` : ''}
      </span>
    </div>
  );
}
