/** A view whose code is fetched when it is first shown, so that the chat opens sooner. */
import type { ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { notify } from './notices';
import { problem } from './problems';

/** Wraps what an import gives; nothing is shown until it is there. */
export function lazy(load: () => Promise<ComponentType>): () => VNode | null {
  let loaded: ComponentType | undefined;
  return function Lazy() {
    const [View, setView] = useState<ComponentType | undefined>(() => loaded);
    useEffect(() => {
      if (View) return;
      load()
        .then((view) => {
          loaded = view;
          setView(() => view);
        })
        .catch((error: unknown) => notify({ ...problem(error), title: 'This view could not be loaded', advice: 'Reload the page.' }));
    }, []);
    return View ? <View /> : null;
  };
}
