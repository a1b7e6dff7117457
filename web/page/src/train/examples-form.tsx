/** Where examples are typed, pasted or dropped, with what is wrong beside the line it is wrong in. */
import type { VNode } from 'preact';
import { dropped } from '../ui/files';
import { Icon } from '../ui/icons';
import { notify } from '../ui/notices';
import { problem } from '../ui/problems';
import { type Row, keptRows, toLines, toRows } from './examples';
import { active, count, form, lines, refused, rows } from './store';

/** The examples, as a table or as lines of JSON. */
export function Examples(): VNode {
  const table = form.value === 'table';
  const take = async (files: File[]) => {
    try {
      const texts = await Promise.all(files.map((file) => file.text()));
      lines.value = texts.map((text) => text.trimEnd()).join('\n');
      form.value = 'lines';
      refused.value = [];
    } catch (error) {
      notify({ ...problem(error), title: 'The file cannot be read' });
    }
  };
  return (
    <fieldset
      disabled={active.value}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (!active.value) void take(dropped(event));
      }}
    >
      <legend class="visually-hidden">Examples</legend>
      <div class="row">
        <h2 class="grow">Examples</h2>
        <div class="segments" role="group" aria-label="How examples are given">
          <button type="button" aria-pressed={table} onClick={showTable}>
            Table
          </button>
          <button type="button" aria-pressed={!table} onClick={showLines}>
            JSONL
          </button>
        </div>
        <label class="button quiet icon-button" title="Open a JSONL file">
          <Icon name="upload" />
          <input
            type="file"
            accept=".jsonl,.json,.txt"
            class="visually-hidden"
            aria-label="Open a JSONL file"
            onChange={(event) => {
              void take([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      {table ? <Table /> : <Lines />}
    </fieldset>
  );
}

function showLines(): void {
  if (form.value === 'lines') return;
  lines.value = toLines(rows.value);
  refused.value = [];
  form.value = 'lines';
}

function showTable(): void {
  if (form.value === 'table') return;
  const read = toRows(lines.value);
  if (!read) {
    const advice = 'The table holds lines with one question and one answer. These lines hold more, or are not JSON.';
    notify({ level: 'error', title: 'These lines do not fit the table', advice });
    return;
  }
  rows.value = [...read, { question: '', answer: '' }];
  refused.value = [];
  form.value = 'table';
}

function Table(): VNode {
  const all = rows.value;
  const kept = keptRows(all);
  const wrong = new Map(refused.value.map(({ line, message }) => [kept[line - 1], message]));
  const set = (index: number, part: Partial<Row>) => {
    const next = all.map((row, at) => (at === index ? { ...row, ...part } : row));
    const last = next[next.length - 1];
    if (last && (last.question || last.answer)) next.push({ question: '', answer: '' });
    rows.value = next;
  };
  const remove = (index: number) => {
    rows.value = all.filter((_, at) => at !== index);
  };
  return (
    <div class="example-table" role="table" aria-label="Examples">
      <div class="example-row head" role="row">
        <span role="columnheader">Question</span>
        <span role="columnheader">Answer</span>
        <span role="columnheader" class="visually-hidden">
          Remove
        </span>
      </div>
      {all.map((row, index) => {
        const message = wrong.get(index);
        const note = message ? `row-${index}-wrong` : undefined;
        return (
          <div class={message ? 'example-row invalid' : 'example-row'} role="row" key={index}>
            <span role="cell">
              <Cell label={`Question ${index + 1}`} hint="A question" value={row.question} note={note} set={(question) => set(index, { question })} />
            </span>
            <span role="cell">
              <Cell label={`Answer ${index + 1}`} hint="Its answer" value={row.answer} note={note} set={(answer) => set(index, { answer })} />
            </span>
            <span role="cell" class="remove">
              {index < all.length - 1 && (
                <button type="button" class="quiet icon-button" aria-label={`Remove row ${index + 1}`} onClick={() => remove(index)}>
                  <Icon name="close" />
                </button>
              )}
            </span>
            {message && (
              <p class="wrong" id={note} role="cell">
                {message}
              </p>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface CellProps {
  label: string;
  hint: string;
  value: string;
  /** The id of what is wrong with the row. */
  note: string | undefined;
  set: (text: string) => void;
}

function Cell({ label, hint, value, note, set }: CellProps): VNode {
  return (
    <textarea
      rows={1}
      aria-label={label}
      placeholder={hint}
      aria-invalid={note !== undefined}
      {...(note ? { 'aria-describedby': note } : {})}
      value={value}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}

function Lines(): VNode {
  return (
    <>
      <textarea
        class="lines"
        rows={12}
        spellcheck={false}
        aria-label="Examples, one JSON object a line"
        aria-describedby="lines-help"
        aria-invalid={refused.value.length > 0}
        placeholder={'{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}\n{"prompt": "…", "completion": "…"}\n{"text": "…"}'}
        value={lines.value}
        onInput={(event) => {
          lines.value = event.currentTarget.value;
          refused.value = [];
        }}
      />
      {refused.value.length > 0 && (
        <ul class="line-errors" aria-label="Lines that cannot be used">
          {refused.value.slice(0, 50).map(({ line, message }) => (
            <li key={line}>
              <strong>Line {line}</strong> {message}
            </li>
          ))}
          {refused.value.length > 50 && <li>and {refused.value.length - 50} more</li>}
        </ul>
      )}
      <p class="muted" id="lines-help">
        {count.value} {count.value === 1 ? 'line' : 'lines'}. Each is <code>messages</code>, <code>prompt</code> and <code>completion</code>, or{' '}
        <code>text</code>. A file can be dropped here.
      </p>
    </>
  );
}
