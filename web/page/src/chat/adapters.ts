/** The adapter that the chat's model wears, at most one, and the list of those saved. */
import { signal } from '@preact/signals';
import type { Gemma, PeftFiles } from 'gemmule';
import { model, onModel } from '../models/current';
import * as storage from '../storage/adapters';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { claim, release } from '../ui/work';

/** Every saved adapter, the newest first. */
export const saved = signal<storage.SavedAdapter[]>([]);
/** The id of the adapter in use. */
export const worn = signal<string | undefined>();

let change: Promise<void> = Promise.resolve();

/** Waits for an adapter that is being put on or taken off. */
export function settled(): Promise<void> {
  return change;
}

/** Reads the list. */
export async function refresh(): Promise<void> {
  try {
    saved.value = await storage.list();
  } catch (error) {
    notify({ ...problem(error), title: 'Adapters cannot be listed' });
  }
}

/** Puts an adapter on, or takes off what is on where `id` is `undefined`. */
export function wear(id: string | undefined): Promise<void> {
  change = change.then(async () => {
    const state = model.value;
    if (state.is !== 'ready' || !claim('adapter')) return;
    try {
      await apply(state.gemma, id);
    } catch (error) {
      notify(problem(error));
    } finally {
      release('adapter');
    }
  });
  return change;
}

/** Puts back what {@link worn} says, after something else used the model. */
export async function restore(gemma: Gemma): Promise<void> {
  await apply(gemma, worn.value);
}

async function apply(gemma: Gemma, id: string | undefined): Promise<void> {
  worn.value = undefined;
  await gemma.unloadAdapter();
  if (id === undefined) return;
  await gemma.loadAdapter(await storage.read(id));
  worn.value = id;
}

/** Saves an adapter and lists it. */
export async function save(name: string, of: string, files: PeftFiles): Promise<string | undefined> {
  try {
    const adapter = await storage.save(name, of, files);
    saved.value = [adapter, ...saved.value];
    return adapter.id;
  } catch (error) {
    notify({ ...problem(error), title: 'The adapter could not be saved' });
    return undefined;
  }
}

/** Takes an adapter off where it is on, and deletes it. */
export async function remove(id: string): Promise<void> {
  if (worn.value === id) await wear(undefined);
  saved.value = saved.value.filter((each) => each.id !== id);
  try {
    await storage.remove(id);
  } catch (error) {
    notify({ ...problem(error), title: 'The adapter could not be deleted' });
  }
}

// Another model starts bare: an adapter fits the model that it was trained on.
onModel(() => {
  worn.value = undefined;
});
