/** The list of conversations. */
import { useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { type Conversation, parse } from '../storage/conversations';
import { moment } from '../ui/format';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { adopt, conversations, current, forget, rename, select, startNew } from './store';

/** The list, a drawer on narrow screens. */
export function History({ open, close }: { open: boolean; close: () => void }): VNode {
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      adopt(parse(await file.text()));
      close();
    } catch (error) {
      notify({ ...problem(error), title: `${file.name} cannot be opened`, advice: 'Choose a conversation that was exported as JSON.' });
    }
  };
  return (
    <nav class={open ? 'history open' : 'history'} aria-label="Conversations" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <div class="row">
        <button
          type="button"
          class="grow start"
          onClick={() => {
            startNew();
            close();
          }}
        >
          <Icon name="plus" /> New conversation
        </button>
        <button type="button" class="quiet icon-button" aria-label="Open an exported conversation" title="Open an exported conversation" onClick={() => input.current?.click()}>
          <Icon name="upload" />
        </button>
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label="An exported conversation"
          onChange={(event) => {
            void take(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
      </div>
      {conversations.value.length === 0 ? (
        <p class="muted hint">What you talk about is kept here, in this browser.</p>
      ) : (
        <ul>
          {conversations.value.map((each) => (
            <Entry key={each.id} conversation={each} close={close} />
          ))}
        </ul>
      )}
    </nav>
  );
}

function Entry({ conversation, close }: { conversation: Conversation; close: () => void }): VNode {
  const [renaming, setRenaming] = useState(false);
  const { id, title, changed } = conversation;
  if (renaming) {
    const done = (event: { currentTarget: HTMLInputElement }) => {
      rename(conversation, event.currentTarget.value);
      setRenaming(false);
    };
    return (
      <li>
        <input
          class="grow"
          aria-label="Title"
          value={title}
          ref={(element) => element?.focus()}
          onBlur={done}
          onKeyDown={(event) => {
            if (event.key === 'Enter') done(event);
            if (event.key === 'Escape') {
              event.stopPropagation();
              setRenaming(false);
            }
          }}
        />
      </li>
    );
  }
  return (
    <li class={current.value.id === id ? 'chosen' : ''}>
      <button
        type="button"
        class="quiet grow start entry"
        aria-current={current.value.id === id}
        onClick={() => {
          select(id);
          close();
        }}
      >
        <span class="ellipsis">{title}</span>
        <small>{moment(changed)}</small>
      </button>
      <span class="entry-actions">
        <button type="button" class="quiet icon-button" aria-label={`Rename ${title}`} title="Rename" onClick={() => setRenaming(true)}>
          <Icon name="edit" />
        </button>
        <button type="button" class="quiet icon-button" aria-label={`Delete ${title}`} title="Delete" onClick={() => void forget(id)}>
          <Icon name="trash" />
        </button>
      </span>
    </li>
  );
}
