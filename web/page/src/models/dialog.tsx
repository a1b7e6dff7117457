/** The dialog in which a model is chosen: the embedded one, those kept in the browser, a file, an address. */
import { useEffect, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { type CachedModel, Gemma, type StorageEstimate } from 'gemmule';
import { Dialog } from '../ui/dialog';
import { dropped } from '../ui/files';
import { bytes } from '../ui/format';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { idle } from '../ui/work';
import { AddressForm } from './address-form';
import { EMBEDDED, load, loadEmbedded, model } from './current';
import { Progress } from './progress';

/** Loads a model and keeps the dialog's list as it is afterwards. */
export type Choose = (name: string, source: Parameters<typeof load>[1]) => void;

/** Where models come from. */
export function ModelDialog({ onClose }: { onClose: () => void }): VNode {
  const [cached, setCached] = useState<CachedModel[]>([]);
  const [space, setSpace] = useState<StorageEstimate | undefined>();
  const [context, setContext] = useState('');
  const state = model.value;

  const refresh = async () => {
    try {
      setCached(await Gemma.cached());
      setSpace(await Gemma.storage());
    } catch (error) {
      notify(problem(error));
    }
  };
  useEffect(() => void refresh(), [state.is]);

  const choose: Choose = (name, source) => void (idle() && load(name, source, context ? Number(context) : undefined));
  const file = (picked: File | undefined) => picked && choose(picked.name, { file: picked, name: picked.name });

  return (
    <Dialog title="Models" onClose={onClose} wide>
      <section class="card" aria-label="In use">
        <InUse />
      </section>

      <section>
        <h3>In this browser</h3>
        <ul class="rows">
          <li>
            <div class="grow">
              <strong>{EMBEDDED}</strong>
              <span class="muted">comes with the page, 7.8 MB</span>
            </div>
            <button type="button" disabled={state.is === 'ready' && state.embedded} onClick={() => void (idle() && loadEmbedded())}>
              Load
            </button>
          </li>
          {cached.map((each) => (
            <Kept key={each.name} kept={each} choose={choose} removed={refresh} />
          ))}
        </ul>
        {space && (
          <p class="muted">
            {bytes(space.usedBytes)} used, {bytes(space.freeBytes)} free
            {space.persistent ? '' : '; the browser may clear it when space runs low'}
          </p>
        )}
      </section>

      <section>
        <h3>A file</h3>
        <label
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            file(dropped(event)[0]);
          }}
        >
          <Icon name="upload" />
          <span>Drop a GGUF file here, or choose one. It stays on this computer.</span>
          <input
            type="file"
            accept=".gguf"
            class="visually-hidden"
            aria-label="A GGUF file"
            onChange={(event) => {
              file(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
        </label>
      </section>

      <section>
        <h3>An address</h3>
        <AddressForm free={space?.freeBytes} choose={choose} />
      </section>

      <details>
        <summary>Options</summary>
        <label class="field">
          <span>Context, in tokens</span>
          <input
            type="number"
            min={64}
            step={64}
            placeholder="the model's own, at most 4096"
            value={context}
            onInput={(event) => setContext(event.currentTarget.value)}
          />
          <small>How long a conversation may get. Shorter needs less memory. Holds for the next load.</small>
        </label>
      </details>
    </Dialog>
  );
}

function InUse(): VNode {
  const state = model.value;
  if (state.is === 'loading') return <Progress state={state} />;
  if (state.is === 'failed') {
    const { title, advice } = problem(state.error);
    return (
      <div>
        <strong>{title}</strong>
        <p>{advice}</p>
        <button type="button" onClick={() => void loadEmbedded()}>
          Try again
        </button>
      </div>
    );
  }
  const { info, device } = state.gemma;
  const facts: [string, string][] = [
    ['Layers × width', `${info.layers} × ${info.width}`],
    ['Vocabulary', info.vocabulary.toLocaleString()],
    ['Context', `${info.context.toLocaleString()} tokens`],
    ['Weights on the device', bytes(info.residentBytes)],
    ['Device', device.software ? `${device.description} (no GPU: slow)` : device.description],
    ['Features', device.features.join(', ') || 'none beyond the default'],
  ];
  return (
    <>
      <strong class="in-use">{state.name}</strong>
      <dl class="facts">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Kept({ kept, choose, removed }: { kept: CachedModel; choose: Choose; removed: () => Promise<void> }): VNode {
  const resume = () => {
    if (kept.complete) choose(kept.name, { cached: kept.name });
    else if (kept.url) choose(kept.name, { url: kept.url, name: kept.name });
  };
  const remove = async () => {
    const state = model.value;
    try {
      // The file is open while its model is in use.
      if (state.is === 'ready' && state.kept === kept.name) {
        if (!idle()) return;
        await loadEmbedded();
      }
      await Gemma.removeCached(kept.name);
    } catch (error) {
      notify(problem(error));
    }
    await removed();
  };
  return (
    <li>
      <div class="grow">
        <strong>{kept.name}</strong>
        <span class="muted">
          {bytes(kept.bytes)}
          {kept.complete ? '' : ', unfinished'}
        </span>
      </div>
      <button type="button" disabled={!kept.complete && !kept.url} onClick={resume}>
        {kept.complete ? 'Load' : 'Go on'}
      </button>
      <button type="button" class="quiet icon-button" aria-label={`Delete ${kept.name}`} onClick={() => void remove()}>
        <Icon name="trash" />
      </button>
    </li>
  );
}
