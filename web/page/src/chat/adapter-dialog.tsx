/** The dialog of saved adapters: one is on or none, each can be exported or deleted, more come from PEFT zips. */
import { useEffect } from 'preact/hooks';
import type { VNode } from 'preact';
import { model } from '../models/current';
import * as storage from '../storage/adapters';
import { Dialog } from '../ui/dialog';
import { offer } from '../ui/files';
import { bytes, fileName, moment } from '../ui/format';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { show } from '../ui/route';
import { work } from '../ui/work';
import { refresh, remove, save, saved, wear, worn } from './adapters';

/** The list of adapters. */
export function AdapterDialog({ onClose }: { onClose: () => void }): VNode {
  useEffect(() => void refresh(), []);
  const state = model.value;
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      const files = await storage.fromZip(new Uint8Array(await file.arrayBuffer()));
      await save(file.name.replace(/\.zip$/i, ''), state.name, files);
    } catch (error) {
      notify({ ...problem(error), title: `${file.name} is not an adapter`, advice: "Choose a zip with PEFT's two files." });
    }
  };
  return (
    <Dialog title="Adapters" onClose={onClose}>
      {saved.value.length === 0 ? (
        <p class="muted">
          An adapter is what fine-tuning learns: a small addition to a model. There is none yet.{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              onClose();
              show('train');
            }}
          >
            Fine-tune
          </button>
        </p>
      ) : (
        <ul class="rows">
          {saved.value.map((adapter) => (
            <Row key={adapter.id} adapter={adapter} />
          ))}
        </ul>
      )}
      <label class="drop small">
        <Icon name="upload" />
        <span>Add a PEFT adapter from a zip</span>
        <input
          type="file"
          accept=".zip,application/zip"
          class="visually-hidden"
          aria-label="A zip with a PEFT adapter"
          onChange={(event) => {
            void take(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
      </label>
    </Dialog>
  );
}

function Row({ adapter }: { adapter: storage.SavedAdapter }): VNode {
  const state = model.value;
  const on = worn.value === adapter.id;
  const exported = async () => {
    try {
      const zip = await storage.toZip(await storage.read(adapter.id));
      offer(`${fileName(adapter.name)}.zip`, new Uint8Array(zip), 'application/zip');
    } catch (error) {
      notify({ ...problem(error), title: 'The adapter could not be read' });
    }
  };
  return (
    <li>
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-label={`Use ${adapter.name}`}
        class="switch"
        disabled={state.is !== 'ready' || work.value !== undefined}
        onClick={() => void wear(on ? undefined : adapter.id)}
      />
      <div class="grow">
        <strong>{adapter.name}</strong>
        <span class="muted">
          for {adapter.model} · {bytes(adapter.bytes)} · {moment(adapter.created)}
        </span>
      </div>
      <button type="button" class="quiet icon-button" aria-label={`Export ${adapter.name}`} title="Export as a PEFT zip" onClick={() => void exported()}>
        <Icon name="download" />
      </button>
      <button type="button" class="quiet icon-button" aria-label={`Delete ${adapter.name}`} title="Delete" onClick={() => void remove(adapter.id)}>
        <Icon name="trash" />
      </button>
    </li>
  );
}
