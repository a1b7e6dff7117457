/** Where questions are typed. It can be used from the first moment: what is sent early is answered when the model is there. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { lost, model } from '../models/current';
import { stageOf } from '../models/progress';
import { Icon } from '../ui/icons';
import { work } from '../ui/work';
import { current, running, send } from './store';

/** The input, and the button that sends or stops. */
export function Composer(): VNode {
  const [text, setText] = useState('');
  const [said, say] = useState('');
  const box = useRef<HTMLTextAreaElement>(null);
  const answering = running.value;
  const turns = current.value.turns;

  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) box.current?.focus();
  }, [current.value.id]);
  useEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
  // A screen reader hears the finished answer once, not each of its pieces.
  useEffect(() => {
    const last = turns[turns.length - 1];
    if (!answering && last?.role === 'assistant' && last.stats) say(last.content);
  }, [answering === undefined]);

  const submit = (event: Event) => {
    event.preventDefault();
    const question = text.trim();
    if (!question || work.value) return;
    setText('');
    void send(question);
  };
  const key = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter chooses the word.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
  };

  return (
    <form class="composer" onSubmit={submit}>
      <div class="column">
        <div class="composer-box">
          <textarea
            ref={box}
            rows={1}
            aria-label="Your message"
            placeholder="Ask something"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={key}
          />
          {answering ? (
            <button type="button" class="primary round" aria-label="Stop" title="Stop" onClick={answering.stop}>
              <Icon name="stop" />
            </button>
          ) : (
            <button type="submit" class="primary round" aria-label="Send" title="Send" disabled={!text.trim() || work.value !== undefined}>
              <Icon name="send" />
            </button>
          )}
        </div>
        <Status />
        <span class="visually-hidden" role="status">
          {said}
        </span>
      </div>
    </form>
  );
}

function Status(): VNode {
  const state = model.value;
  if (work.value === 'training') return <p class="under">The model is being fine-tuned; it answers when that is done.</p>;
  if (lost.value) return <p class="under warn">The graphics device was lost; your next message opens it again.</p>;
  if (state.is === 'loading') return <p class="under">{`${state.name}: ${stageOf(state.progress)}. You can type already.`}</p>;
  if (state.is === 'failed') return <p class="under warn">No model could be loaded.</p>;
  const { description, software } = state.gemma.device;
  return <p class="under">{`${state.name} on ${description || 'this device'}${software ? ' (no GPU: slow)' : ''}`}</p>;
}
