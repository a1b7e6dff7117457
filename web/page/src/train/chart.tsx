/** The loss over the steps, drawn by uPlot in the page's own colours. */
import { useEffect, useRef } from 'preact/hooks';
import type { VNode } from 'preact';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../ui/theme';
import type { Run } from './store';

const HEIGHT = 220;
/** Distances between steps that are named: there is no half a step. */
const WHOLE = [1, 2, 5].flatMap((first) => [1, 10, 100, 1000, 10_000].map((power) => first * power)).sort((a, b) => a - b);

/** The chart. A screen reader hears its last values instead. */
export function Chart({ run }: { run: Run }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  // What is drawn anew in other colours is the run as it is then, not as it was when the chart came to be.
  const latest = useRef(run);
  latest.current = run;
  const chosen = theme.value;

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(settings(element), series(latest.current), element);
    };
    draw();
    const size = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    size.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      size.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [chosen]);
  useEffect(() => plot.current?.setData(series(run)), [run.losses, run.validations]);

  const last = run.losses[run.losses.length - 1];
  const label = last === undefined ? 'Loss: no step yet' : `Loss over ${run.losses.length} steps, from ${run.losses[0]?.toFixed(3)} to ${last.toFixed(3)}`;
  return <div class="chart" ref={box} role="img" aria-label={label} />;
}

function series(run: Run): uPlot.AlignedData {
  const validated = new Map(run.validations.map(({ step, loss }) => [step, loss]));
  const steps = [...new Set([...run.steps, ...validated.keys()])].sort((a, b) => a - b);
  const trained = new Map(run.steps.map((step, index) => [step, run.losses[index]]));
  return [steps, steps.map((step) => trained.get(step)), steps.map((step) => validated.get(step))];
}

function settings(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui' };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.05, 0.1)] } },
    axes: [{ ...axis, incrs: WHOLE }, { ...axis, size: 48 }],
    series: [
      {},
      { label: 'loss', stroke: colour('--accent'), width: 2, points: { show: false } },
      { label: 'validation', stroke: colour('--second'), width: 2, dash: [5, 4], spanGaps: true, points: { show: true, size: 6, fill: colour('--second') } },
    ],
  };
}
