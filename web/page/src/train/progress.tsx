/** How far the run is: figures, chart, pause and stop. */
import { useEffect, useRef } from 'preact/hooks';
import type { VNode } from 'preact';
import { bytes, duration, rate } from '../ui/format';
import { Icon } from '../ui/icons';
import { Chart } from './chart';
import { type Run, active, pause, resume, stop } from './store';

const PHASES: Record<Run['phase'], string> = {
  before: 'Asking the model as it is',
  training: 'Training',
  paused: 'Paused',
  stopping: 'Stopping after this step',
  after: 'Asking the model as it has become',
  done: 'Done',
  failed: 'Not trained',
};

/** The run's figures and chart. */
export function Progress({ run }: { run: Run }): VNode {
  const card = useRef<HTMLDivElement>(null);
  // On a phone it comes below the form.
  useEffect(() => {
    card.current?.scrollIntoView({ block: 'nearest' });
  }, [run.started]);
  const { last, phase } = run;
  const validated = run.validations[run.validations.length - 1];
  const facts: [string, string][] = [];
  if (last) {
    facts.push(
      ['Step', `${last.step} of ${last.steps}`],
      ['Loss', last.loss.toFixed(3)],
      ...(validated ? ([['Validation', `${validated.loss.toFixed(3)}, ${Math.round(100 * validated.accuracy)} % right`]] as [string, string][]) : []),
      ['Rate', last.rate === 0 ? '0' : last.rate.toExponential(1)],
      ['Speed', `${rate(last.tokensPerSecond)} tokens/s`],
      ['Memory', bytes(last.deviceBytes)],
      ...(phase === 'training' || phase === 'paused' ? ([['Time left', duration(last.leftMs)]] as [string, string][]) : []),
    );
  }
  return (
    <div class="card run" ref={card}>
      <div class="row">
        <h2 class="grow">
          <span role="status">{PHASES[phase]}</span>
        </h2>
        {phase === 'training' && (
          <button type="button" onClick={pause}>
            <Icon name="pause" /> Pause
          </button>
        )}
        {phase === 'paused' && (
          <button type="button" onClick={resume}>
            <Icon name="play" /> Go on
          </button>
        )}
        {active.value && phase !== 'after' && (
          <button type="button" disabled={phase === 'stopping'} onClick={stop}>
            <Icon name="stop" /> Stop
          </button>
        )}
      </div>
      {last && <progress aria-label="Steps" max={last.steps} value={last.step} />}
      <Chart run={run} />
      {run.validations.length > 0 && (
        <p class="legend" aria-hidden="true">
          <i class="key first" /> training <i class="key second" /> validation
        </p>
      )}
      {facts.length > 0 && (
        <dl class="facts">
          {facts.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
