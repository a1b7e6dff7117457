/** The chat: the list of conversations, the one that is open, and what is typed next. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { EMBEDDED, choosing, model } from '../models/current';
import { toJson, toMarkdown } from '../storage/conversations';
import { offer } from '../ui/files';
import { fileName } from '../ui/format';
import { Icon, Mark } from '../ui/icons';
import { AdapterDialog } from './adapter-dialog';
import { worn } from './adapters';
import { Composer } from './composer';
import { History } from './history';
import { OptionsDialog } from './options';
import { current, running, runningHere, send } from './store';
import { Answering, TurnView } from './turn';

/** Questions that the embedded model answers well. */
const SUGGESTIONS = [
  "What is Tobin's pet?",
  'I want a story about Ada, Nora and a ring.',
  'Can you spell forge?',
  'What is 17 - 5?',
];

type Open = 'options' | 'adapters' | undefined;

/** The chat's view. */
export function ChatView(): VNode {
  const [open, setOpen] = useState<Open>();
  const [drawer, setDrawer] = useState(false);
  return (
    <div class={drawer ? 'chat drawer-open' : 'chat'}>
      <History close={() => setDrawer(false)} open={drawer} />
      {drawer && <div class="scrim" onClick={() => setDrawer(false)} />}
      <section class="conversation" aria-label="Conversation">
        <Bar openDrawer={() => setDrawer(true)} open={setOpen} />
        <Turns />
        <Composer />
      </section>
      {open === 'options' && <OptionsDialog onClose={() => setOpen(undefined)} />}
      {open === 'adapters' && <AdapterDialog onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function Bar({ openDrawer, open }: { openDrawer: () => void; open: (what: Open) => void }): VNode {
  const conversation = current.value;
  const empty = conversation.turns.length === 0;
  return (
    <header class="conversation-bar">
      <button type="button" class="quiet icon-button narrow-only" aria-label="Conversations" onClick={openDrawer}>
        <Icon name="menu" />
      </button>
      <h1 class="grow">{conversation.title}</h1>
      <button type="button" class={worn.value ? 'quiet icon-button on' : 'quiet icon-button'} aria-label={worn.value ? 'Adapters (one is on)' : 'Adapters'} title="Adapters" onClick={() => open('adapters')}>
        <Icon name="layers" />
      </button>
      <button type="button" class="quiet icon-button" aria-label="Options" title="Options" onClick={() => open('options')}>
        <Icon name="sliders" />
      </button>
      <details class="menu" aria-label="Export">
        <summary class="quiet icon-button" aria-label="Export" title="Export" aria-disabled={empty}>
          <Icon name="download" />
        </summary>
        <div class="menu-items">
          <button type="button" disabled={empty} onClick={() => offer(`${fileName(conversation.title)}.md`, toMarkdown(conversation), 'text/markdown')}>
            As Markdown
          </button>
          <button type="button" disabled={empty} onClick={() => offer(`${fileName(conversation.title)}.json`, toJson(conversation), 'application/json')}>
            As JSON
          </button>
        </div>
      </details>
    </header>
  );
}

function Turns(): VNode {
  const conversation = current.value;
  const answering = runningHere.value;
  const end = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const scrolled = () => {
    const box = list.current;
    if (box) follow.current = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  };
  useEffect(() => {
    follow.current = true;
  }, [conversation.id, conversation.turns.length]);
  // The end stays in view while text comes, unless the reader scrolled away from it.
  useEffect(() => {
    if (follow.current) end.current?.scrollIntoView({ block: 'end' });
  });

  if (conversation.turns.length === 0) return <Welcome />;
  const busy = running.value !== undefined;
  const last = conversation.turns.length - 1;
  return (
    <div class="turns" ref={list} onScroll={scrolled} tabIndex={0} role="log" aria-label="Messages" aria-live="off">
      <div class="column">
        {conversation.turns.map((turn, index) => (
          <TurnView key={`${conversation.id} ${index}`} turn={turn} index={index} last={index === last} busy={busy} />
        ))}
        {answering && <Answering running={answering} />}
        <div ref={end} />
      </div>
    </div>
  );
}

function Welcome(): VNode {
  const state = model.value;
  const embedded = state.is === 'ready' ? state.embedded : state.name === EMBEDDED;
  return (
    <div class="turns welcome">
      <div class="column">
        <Mark />
        <h2>Ask away</h2>
        <p>
          {embedded
            ? 'The model that comes with this page is small and knows one invented village, Pebble Bay. '
            : `This is ${state.name}. `}
          It runs on your own device, and nothing you type leaves it.{' '}
          {embedded && (
            <button type="button" class="link" onClick={() => (choosing.value = true)}>
              Use a larger Gemma 4
            </button>
          )}
        </p>
        {embedded && (
          <ul class="suggestions" aria-label="Questions to begin with">
            {SUGGESTIONS.map((question) => (
              <li key={question}>
                <button type="button" onClick={() => void send(question)}>
                  {question}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
