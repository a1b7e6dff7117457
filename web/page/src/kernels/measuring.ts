/** Kernels measured on this device: what was found so far, and the measurement under way. */
import { signal } from '@preact/signals';
import { type KernelTime, type Meter, measureKernels } from 'gemmule';
import { notify } from '../ui/notices';
import { isAborted, problem } from '../ui/problems';

/** A kernel's time, or why it has none here. */
export type Found = { time: KernelTime } | { refused: string };

/** What was found, by the variants' names. */
export const found = signal<ReadonlyMap<string, Found>>(new Map());

/** The device that it was found on. */
export const meter = signal<Meter | undefined>(undefined);

/** The measurement under way: the kernels done, those in all, and the one whose turn it is. */
export const measuring = signal<{ done: number; total: number; name: string } | undefined>(undefined);

let controller: AbortController | undefined;

/** Measures kernels one after the other; an earlier measurement must have ended. */
export async function measure(names: readonly string[]): Promise<void> {
  const [first] = names;
  if (first === undefined || measuring.value) return;
  const { signal } = (controller = new AbortController());
  let done = 0;
  measuring.value = { done, total: names.length, name: first };
  try {
    for await (const part of measureKernels(names, { signal })) {
      if (part.type === 'device') {
        meter.value = part;
        continue;
      }
      const one: Found = part.type === 'time' ? { time: part.time } : { refused: part.error.message };
      found.value = new Map(found.value).set(part.name, one);
      done += 1;
      measuring.value = { done, total: names.length, name: names[done] ?? part.name };
    }
  } catch (error) {
    if (!isAborted(error)) notify(problem(error));
  } finally {
    measuring.value = undefined;
  }
}

/** Ends the measurement; what was found stays. */
export function stop(): void {
  controller?.abort();
}
