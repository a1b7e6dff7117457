/** Node's own modules, and packages that only Node has a use for: hidden from bundlers of pages. */

/** Imports a module by a name that no bundler sees. */
export function nodeModule<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ name) as Promise<T>;
}
