/** Answers before and after, side by side. */
import type { VNode } from 'preact';
import type { Run } from './store';

/** The comparison. Nothing is shown where nothing was asked. */
export function Comparison({ run }: { run: Run }): VNode | null {
  if (run.compared.length === 0) return null;
  return (
    <section class="card" aria-label="Before and after">
      <h2>Before and after</h2>
      <div class="table-scroll" tabIndex={0} role="group" aria-label="Answers before and after">
        <table class="compared">
          <thead>
            <tr>
              <th scope="col">Question</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {run.compared.map(({ question, before, after }) => (
              <tr key={question}>
                <th scope="row">{question}</th>
                <td>{before ?? '…'}</td>
                <td class={after !== undefined && after !== before ? 'changed' : ''}>{after ?? '…'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
