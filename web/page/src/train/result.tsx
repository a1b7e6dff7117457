/** What a run learned, and where it goes: into the browser, into a PEFT zip, into the chat. */
import { useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { save, wear } from '../chat/adapters';
import { startNew } from '../chat/store';
import { toZip } from '../storage/adapters';
import { offer } from '../ui/files';
import { bytes, fileName } from '../ui/format';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { show } from '../ui/route';
import type { Run } from './store';

/** The adapter of a finished run. */
export function Result({ run }: { run: Run }): VNode | null {
  const [name, setName] = useState('My adapter');
  const [kept, setKept] = useState<{ run: number; id: string } | undefined>();
  const { adapter } = run;
  if (!adapter || run.phase !== 'done') return null;
  const id = kept?.run === run.started ? kept.id : undefined;

  const keep = async () => {
    if (id) return id;
    const saved = await save(name.trim() || 'My adapter', run.model, adapter);
    if (saved) setKept({ run: run.started, id: saved });
    return saved;
  };
  const use = async () => {
    const saved = await keep();
    if (!saved) return;
    await wear(saved);
    startNew();
    show('chat');
  };
  const zip = async () => {
    try {
      offer(`${fileName(name)}.zip`, new Uint8Array(await toZip(adapter)), 'application/zip');
    } catch (error) {
      notify({ ...problem(error), title: 'The zip could not be made' });
    }
  };

  return (
    <section class="card" aria-label="Adapter">
      <div class="row wrap">
        <label class="field grow">
          <span>Adapter, {bytes(adapter.weights.byteLength)}</span>
          <input type="text" value={name} disabled={id !== undefined} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="button" class="primary" onClick={() => void use()}>
          <Icon name="chat" /> Use in the chat
        </button>
        <button type="button" disabled={id !== undefined} onClick={() => void keep()}>
          {id ? 'Saved' : 'Save'}
        </button>
        <button type="button" onClick={() => void zip()}>
          <Icon name="download" /> PEFT zip
        </button>
      </div>
    </section>
  );
}
