/** Every kernel: its Rust source, the WGSL made from it, what it costs, and how long it takes on this device. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { type KernelInfo, kernels } from 'gemmule';
import { CodeBlock } from '../chat/code';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { Listed, ShortTime, Time } from './time';
import './kernels.css';

let asked: Promise<KernelInfo[]> | undefined;

/** The kernels' view. */
export function KernelsView(): VNode {
  const [all, setAll] = useState<KernelInfo[] | undefined>();
  const [filter, setFilter] = useState('');
  const [chosen, setChosen] = useState<string | undefined>();
  useEffect(() => {
    asked ??= kernels();
    asked.then(setAll).catch((error: unknown) => {
      asked = undefined;
      notify(problem(error));
    });
  }, []);

  const found = useMemo(() => matching(all ?? [], filter), [all, filter]);
  const shown = found.find(({ name }) => name === chosen) ?? found[0];
  return (
    <div class="kernels">
      <nav class="kernel-list" aria-label="Kernels">
        <label class="search">
          <Icon name="search" />
          <input type="search" aria-label="Filter kernels" placeholder="Filter" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
        {all ? (
          <Listed names={found.map(({ name }) => name)} total={all.length} />
        ) : (
          <p class="muted" role="status">
            Reading…
          </p>
        )}
        <ul tabIndex={-1}>
          {found.map(({ name }) => (
            <li key={name}>
              <button type="button" class="quiet start" aria-current={name === shown?.name} onClick={() => setChosen(name)}>
                <KernelName name={name} />
                <ShortTime name={name} />
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <section class="kernel scroll" aria-label="Kernel" tabIndex={-1}>
        {shown ? <Kernel kernel={shown} /> : <h1>Kernels</h1>}
      </section>
    </div>
  );
}

/** Kernels whose name, file or cost has every word of the filter. */
export function matching(all: readonly KernelInfo[], filter: string): KernelInfo[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ name, file, cost }) => {
    const text = `${name} ${file} ${cost}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function KernelName({ name }: { name: string }): VNode {
  const start = name.indexOf('<');
  const family = start < 0 ? name : name.slice(0, start);
  return (
    <span class="kernel-name">
      <strong>{family}</strong>
      {start >= 0 && <span>{name.slice(start)}</span>}
    </span>
  );
}

function Kernel({ kernel }: { kernel: KernelInfo }): VNode {
  const [side, setSide] = useState<'rust' | 'wgsl'>('rust');
  return (
    <article>
      <header class="page-head">
        <h1 class="mono">{kernel.name}</h1>
        <p class="muted">{kernel.file}</p>
      </header>
      {kernel.cost && (
        <section class="card" aria-label="Cost">
          <h2>Cost</h2>
          <pre class="cost" tabIndex={0} aria-label="Cost formulas">
            {kernel.cost}
          </pre>
        </section>
      )}
      <Time name={kernel.name} />
      <div class="segments narrow-only" role="group" aria-label="Which source">
        <button type="button" aria-pressed={side === 'rust'} onClick={() => setSide('rust')}>
          Rust
        </button>
        <button type="button" aria-pressed={side === 'wgsl'} onClick={() => setSide('wgsl')}>
          WGSL
        </button>
      </div>
      <div class={`sources show-${side}`}>
        <div class="rust">
          <CodeBlock code={kernel.source} language="rust" />
        </div>
        <div class="wgsl">
          <CodeBlock code={kernel.wgsl} language="wgsl" />
        </div>
      </div>
    </article>
  );
}
