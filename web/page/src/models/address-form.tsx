/** A model by its address: first how large it is and whether there is room, then the download. */
import { useId, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { bytes } from '../ui/format';
import { nameOf, parseAddress, probe } from './address';
import type { Choose } from './dialog';
import type { Probed } from './probe.worker';

/** Asks for an address and a digest. `free` is the room there is, in bytes. */
export function AddressForm({ free, choose }: { free: number | undefined; choose: Choose }): VNode {
  const [text, setText] = useState('');
  const [digest, setDigest] = useState('');
  const [wrong, setWrong] = useState<string | undefined>();
  const [found, setFound] = useState<{ url: URL; probed: Probed } | undefined>();
  const [asking, setAsking] = useState(false);
  const help = useId();

  const ask = async (event: Event) => {
    event.preventDefault();
    const url = parseAddress(text.trim());
    setFound(undefined);
    setWrong(typeof url === 'string' ? url : undefined);
    if (typeof url === 'string') return;
    setAsking(true);
    setFound({ url, probed: await probe(url) });
    setAsking(false);
  };
  const sha256 = digest.trim().toLowerCase();
  const badDigest = sha256 !== '' && !/^[0-9a-f]{64}$/.test(sha256);

  return (
    <>
      <form class="row" onSubmit={(event) => void ask(event)}>
        <input
          type="url"
          class="grow"
          aria-label="Address of a GGUF file"
          aria-describedby={help}
          aria-invalid={wrong !== undefined}
          placeholder="https://…/model.gguf"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setFound(undefined);
          }}
        />
        <button type="submit" disabled={asking || !text.trim()}>
          {asking ? 'Asking…' : 'How large?'}
        </button>
      </form>
      <p id={help} class={wrong ? 'wrong' : 'muted'}>
        {wrong ?? 'The file is kept in this browser. A download that breaks off goes on where it stopped.'}
      </p>
      {found && (
        <div class="card">
          <Answer probed={found.probed} free={free} />
          <label class="field">
            <span>SHA-256, if you know it</span>
            <input
              type="text"
              spellcheck={false}
              value={digest}
              aria-invalid={badDigest}
              onInput={(event) => setDigest(event.currentTarget.value)}
            />
          </label>
          <button
            type="button"
            class="primary"
            disabled={badDigest}
            onClick={() => choose(nameOf(found.url), { url: found.url, name: nameOf(found.url), ...(sha256 ? { sha256 } : {}) })}
          >
            Download and load
          </button>
        </div>
      )}
    </>
  );
}

function Answer({ probed, free }: { probed: Probed; free: number | undefined }): VNode {
  if (!probed.ok) {
    return <p class="wrong">The size is not known: {probed.why}. The download may still work.</p>;
  }
  const size = probed.bytes === undefined ? 'of unknown size' : bytes(probed.bytes);
  const tight = probed.bytes !== undefined && free !== undefined && probed.bytes > free;
  return (
    <p class={tight ? 'wrong' : ''}>
      The file is {size}
      {free === undefined ? '' : `; ${bytes(free)} are free`}
      {tight ? '. That is not enough.' : probed.resumable ? '.' : '. This server cannot go on with a download that broke off.'}
    </p>
  );
}
