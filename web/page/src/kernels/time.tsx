/** A kernel's time on this device: the button that measures it, and what was found. */
import type { VNode } from 'preact';
import type { KernelTime, Meter } from 'gemmule';
import { bytes, microseconds, perSecond, percent } from '../ui/format';
import { Icon } from '../ui/icons';
import { type Found, found, measure, measuring, meter, stop } from './measuring';

/** The card of one kernel. */
export function Time({ name }: { name: string }): VNode {
  const now = measuring.value;
  const one = found.value.get(name);
  return (
    <section class="card" aria-labelledby="time">
      <div class="row">
        <h2 class="grow" id="time">
          Time
        </h2>
        {now?.name === name && now.total === 1 ? (
          <button type="button" onClick={stop}>
            <Icon name="stop" /> Stop
          </button>
        ) : (
          <button type="button" disabled={now !== undefined} onClick={() => void measure([name])}>
            Measure on this device
          </button>
        )}
      </div>
      {now?.name === name && (
        <p class="muted" role="status">
          Measuring…
        </p>
      )}
      {one && <Findings one={one} device={meter.value} />}
    </section>
  );
}

function Findings({ one, device }: { one: Found; device: Meter | undefined }): VNode {
  if ('refused' in one) return <p class="wrong">Not on this device: {one.refused}</p>;
  const { time } = one;
  return (
    <>
      <dl class="facts">
        {facts(time).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="muted small-print">
        {time.shape}: {time.groups.toLocaleString('en')} workgroups. Median of {time.batches} times{' '}
        {time.runs === 1 ? 'one dispatch' : `${time.runs.toLocaleString('en')} dispatches in a row`},{' '}
        {time.clock === 'timestamps' ? 'by the GPU’s timestamps' : 'by the wall clock: this device has no timestamps'}.
      </p>
      {device && <p class="muted small-print">{described(device)}</p>}
    </>
  );
}

function described({ device, ceilings }: Meter): string {
  if (!ceilings) return `${device.description}, played by the CPU.`;
  const { bandwidth, arithmetic } = ceilings;
  return `${device.description}: ${perSecond(bandwidth, 'B')} read from memory, ${perSecond(arithmetic, 'FLOP')} of f32, measured too.`;
}

function facts(time: KernelTime): [string, string][] {
  const seconds = time.microseconds / 1e6;
  const all: [string, string][] = [['A dispatch', microseconds(time.microseconds)]];
  if (time.bytes === undefined || time.operations === undefined) return all;
  all.push(['Memory', `${bytes(time.bytes)}, ${perSecond(time.bytes / seconds, 'B')}`]);
  if (time.operations > 0) all.push(['Arithmetic', perSecond(time.operations / seconds, 'FLOP')]);
  if (time.share !== undefined) all.push([`Of what ${time.bound === 'arithmetic' ? 'arithmetic' : 'memory'} allows`, percent(time.share)]);
  return all;
}

/** How many kernels are listed, and the button that measures them; while it does, how far it is. */
export function Listed({ names, total }: { names: readonly string[]; total: number }): VNode {
  const now = measuring.value;
  if (!now || now.total === 1) {
    return (
      <div class="row">
        <p class="grow muted" role="status">
          {names.length} of {total} variants
        </p>
        <button type="button" disabled={now !== undefined || names.length === 0} onClick={() => void measure(names)}>
          Measure these
        </button>
      </div>
    );
  }
  return (
    <div>
      <div class="row">
        <p class="grow muted" role="status">
          {now.done} of {now.total} measured
        </p>
        <button type="button" onClick={stop}>
          <Icon name="stop" /> Stop
        </button>
      </div>
      <progress aria-label="Kernels measured" max={now.total} value={now.done} />
    </div>
  );
}

/** A kernel's time in the list, as short as can be. */
export function ShortTime({ name }: { name: string }): VNode | null {
  const one = found.value.get(name);
  if (!one) return null;
  return <small class="short-time">{'time' in one ? microseconds(one.time.microseconds) : 'not on this device'}</small>;
}
