/** One model does one thing at a time: it answers in the chat, or it is trained. */
import { signal } from '@preact/signals';
import { notify } from './notices';

/** What the model does. */
export type Work = 'answer' | 'training' | 'adapter';

/** What the model does now. */
export const work = signal<Work | undefined>();

const NAMES: Record<Work, string> = {
  answer: 'An answer is under way in the chat.',
  training: 'The model is being fine-tuned.',
  adapter: 'An adapter is being loaded.',
};

/** Takes the model for some work; where it is taken, says by what and returns false. */
export function claim(wanted: Work): boolean {
  if (!idle()) return false;
  work.value = wanted;
  return true;
}

/** Whether the model does nothing; where it does, says what. */
export function idle(): boolean {
  if (!work.value) return true;
  notify({ level: 'error', title: NAMES[work.value], advice: 'Wait for it to end, or stop it.' });
  return false;
}

/** Gives the model back. */
export function release(held: Work): void {
  if (work.value === held) work.value = undefined;
}
