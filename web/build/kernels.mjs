// The Rust source of every kernel, by its function's name: what `kernels()` shows beside the WGSL.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

/** `{ name: { file, source } }` of the kernels under a folder; files are named relative to `root`. */
export async function kernelSources(root, folder) {
  const found = {};
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(({ name }) => name.endsWith('.rs'))) {
    const file = path.join(entry.parentPath, entry.name);
    const lines = (await readFile(file, 'utf8')).split('\n');
    for (const [at, line] of lines.entries()) {
      if (!line.startsWith('#[kernel(')) continue;
      let first = at;
      while (/^(\/\/\/|#\[)/.test(lines[first - 1] ?? '')) first -= 1;
      // rustfmt puts a function's last brace, and no other of it, at the start of a line.
      const last = lines.indexOf('}', at);
      const text = lines.slice(first, last + 1).join('\n');
      const name = /\bfn (\w+)/.exec(text)?.[1];
      if (!name || found[name]) throw new Error(`${file}:${at + 1}: a kernel without a name of its own`);
      found[name] = { file: path.relative(root, file).split(path.sep).join('/'), source: text };
    }
  }
  if (Object.keys(found).length === 0) throw new Error(`no kernel under ${folder}`);
  return found;
}
