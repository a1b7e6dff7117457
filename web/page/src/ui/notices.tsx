/** Notices: what went wrong and what to do, above the view until it is put away. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import type { Problem } from './problems';
import { Icon } from './icons';

interface Notice extends Problem {
  id: number;
}

const notices = signal<Notice[]>([]);
let last = 0;

/** Shows a problem. The same title replaces what was said before. Returns what takes it away again. */
export function notify(problem: Problem): () => void {
  last += 1;
  const id = last;
  notices.value = [...notices.value.filter(({ title }) => title !== problem.title), { ...problem, id }];
  return () => {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  };
}

/** The notices, as an alert each. */
export function Notices(): VNode | null {
  if (notices.value.length === 0) return null;
  return (
    <div class="notices">
      {notices.value.map((notice) => (
        <div key={notice.id} class={`notice ${notice.level}`} role={notice.level === 'error' ? 'alert' : 'status'}>
          <Icon name={notice.level === 'error' ? 'warning' : 'check'} />
          <div>
            <strong>{notice.title}</strong>
            {notice.advice && <p>{notice.advice}</p>}
            {notice.detail && <p class="detail">{notice.detail}</p>}
          </div>
          <button
            type="button"
            class="quiet icon-button"
            aria-label={`Put away: ${notice.title}`}
            onClick={() => {
              notices.value = notices.value.filter(({ id }) => id !== notice.id);
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
