/** One turn of a conversation, with what can be done to it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { AnswerStats, StopReason } from 'gemmule';
import { model } from '../models/current';
import { stageOf } from '../models/progress';
import type { Turn } from '../storage/conversations';
import { bytes, duration, rate } from '../ui/format';
import { Icon } from '../ui/icons';
import { CopyButton } from './code';
import { Markdown } from './markdown';
import { type Running, regenerate, resend } from './store';

/** Why an answer ended, where that is worth saying. */
const ENDED: Partial<Record<StopReason, string>> = {
  length: 'cut at the most tokens',
  aborted: 'stopped',
  context: 'the context is full: begin a new conversation',
};

/** A finished turn. */
export function TurnView({ turn, index, last, busy }: { turn: Turn; index: number; last: boolean; busy: boolean }): VNode {
  return turn.role === 'user' ? <Question turn={turn} index={index} busy={busy} /> : <Answer turn={turn} last={last} busy={busy} />;
}

function Question({ turn, index, busy }: { turn: Turn; index: number; busy: boolean }): VNode {
  const [editing, setEditing] = useState(false);
  if (editing) return <Editor text={turn.content} close={() => setEditing(false)} send={(text) => void resend(index, text)} />;
  return (
    <article class="turn question" aria-label="You">
      <div class="bubble">{turn.content}</div>
      <div class="actions">
        <button type="button" class="quiet icon-button" aria-label="Edit and send again" title="Edit and send again" disabled={busy} onClick={() => setEditing(true)}>
          <Icon name="edit" />
        </button>
        <CopyButton text={turn.content} label="Copy question" />
      </div>
    </article>
  );
}

function Editor({ text, close, send }: { text: string; close: () => void; send: (text: string) => void }): VNode {
  const [edited, setEdited] = useState(text);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!edited.trim()) return;
    close();
    send(edited.trim());
  };
  return (
    <form class="turn editor" onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <textarea ref={box} aria-label="The question" value={edited} rows={3} onInput={(event) => setEdited(event.currentTarget.value)} />
      <div class="row end">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Send
        </button>
      </div>
    </form>
  );
}

function Answer({ turn, last, busy }: { turn: Turn; last: boolean; busy: boolean }): VNode {
  return (
    <article class="turn answer" aria-label="Gemma">
      <div class="prose">
        <Markdown text={turn.content} />
      </div>
      <div class="actions">
        <CopyButton text={turn.content} label="Copy answer" />
        {last && (
          <button type="button" class="quiet icon-button" aria-label="Answer again" title="Answer again" disabled={busy} onClick={() => void regenerate()}>
            <Icon name="again" />
          </button>
        )}
        {turn.stats && <Figures stats={turn.stats} />}
      </div>
    </article>
  );
}

function Figures({ stats }: { stats: AnswerStats }): VNode {
  const ended = ENDED[stats.stopReason];
  const parts = [
    `${stats.answerTokens} tokens`,
    ...(stats.answerTokens > 1 ? [`${rate(stats.tokensPerSecond)} tokens/s`] : []),
    ...(stats.answerTokens > 0 ? [`first after ${duration(stats.firstTokenMs)}`] : []),
    bytes(stats.deviceBytes),
    ...(ended ? [ended] : []),
  ];
  const title = `Prompt of ${stats.promptTokens} tokens, ${stats.cachedTokens} of them from the cache`;
  return (
    <span class="figures" title={title}>
      {parts.map((part, index) => (
        <span key={index}>{index === 0 ? part : ` · ${part}`}</span>
      ))}
    </span>
  );
}

/** The answer as it comes. */
export function Answering({ running }: { running: Running }): VNode {
  return (
    <article class="turn answer" aria-label="Gemma" aria-busy="true">
      {running.phase === 'text' ? (
        <div class="prose streaming">
          <Markdown text={running.text} />
        </div>
      ) : (
        <p class="waiting">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span>{waitsFor(running.phase)}</span>
        </p>
      )}
    </article>
  );
}

function waitsFor(phase: Running['phase']): string {
  const state = model.value;
  if (phase === 'recovering') return 'The graphics device was lost. It is being opened again…';
  if (phase === 'model' && state.is === 'loading') return `${state.name} is loading. ${stageOf(state.progress)}…`;
  return 'Reading…';
}
