/** Which view is shown: the address's fragment, so that back, forward and bookmarks work on any static host. */
import { signal } from '@preact/signals';

/** The views. */
export const VIEWS = ['chat', 'train', 'kernels'] as const;

/** A view's name. */
export type View = (typeof VIEWS)[number];

function read(): View {
  const wanted = location.hash.replace(/^#\/?/, '').split('/')[0];
  return VIEWS.find((name) => name === wanted) ?? 'chat';
}

/** The view that is shown. */
export const view = signal<View>(read());

/** Shows a view. */
export function show(name: View): void {
  location.hash = `/${name}`;
}

addEventListener('hashchange', () => {
  view.value = read();
});
