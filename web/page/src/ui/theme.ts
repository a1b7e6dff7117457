/** Light, dark, or as the system says. The choice is in localStorage, since it must be known before the first paint. */
import { effect, signal } from '@preact/signals';

/** What the user chose. */
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'gemmule-theme';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

function kept(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    // Storage is refused: the system's theme it is.
    return 'auto';
  }
}

/** The theme in use. */
export const theme = signal<Theme>(kept());

/** The theme that the button leads to. */
export function nextTheme(): Theme {
  return THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
}

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = theme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Storage is refused: the choice holds until the page is left.
  }
});
