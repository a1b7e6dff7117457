/** Reports of progress, at most ten a second, and always the last one of a stage. */
import type { LoadProgress } from '../types.js';

const EVERY_MS = 100;

/** Thins out reports. */
export function thinned(report: (progress: LoadProgress) => void): (progress: LoadProgress) => void {
  let last: { stage: LoadProgress['stage']; at: number } | undefined;
  return (progress) => {
    const now = performance.now();
    const finished = progress.done === progress.total;
    if (last?.stage === progress.stage && now - last.at < EVERY_MS && !finished) return;
    last = { stage: progress.stage, at: now };
    report(progress);
  };
}
