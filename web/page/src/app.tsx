/** The frame around the views: where one is, which model is in use, and the theme. */
import type { VNode } from 'preact';
import { ChatView } from './chat/view';
import { ModelDialog } from './models/dialog';
import { choosing, model } from './models/current';
import { stageOf } from './models/progress';
import { dialogs } from './ui/dialog';
import { Icon, type IconName, Mark } from './ui/icons';
import { lazy } from './ui/lazy';
import { Notices } from './ui/notices';
import { VIEWS, type View, view } from './ui/route';
import { nextTheme, theme } from './ui/theme';

const TrainView = lazy(async () => (await import('./train/view')).TrainView);
const KernelsView = lazy(async () => (await import('./kernels/view')).KernelsView);

const LABELS: Record<View, { label: string; icon: IconName }> = {
  chat: { label: 'Chat', icon: 'chat' },
  train: { label: 'Fine-tune', icon: 'train' },
  kernels: { label: 'Kernels', icon: 'kernels' },
};

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;
const THEME_NAMES = { auto: "the system's", light: 'light', dark: 'dark' } as const;

/** The page. */
export function App(): VNode {
  return (
    <>
      <header class="bar">
        <a class="brand" href="#/chat" aria-label="gemmule">
          <Mark />
          <span>gemmule</span>
        </a>
        <nav class="views" aria-label="Views">
          {VIEWS.map((name) => (
            <a key={name} href={`#/${name}`} {...(view.value === name ? { 'aria-current': 'page' as const } : {})}>
              <Icon name={LABELS[name].icon} />
              <span>{LABELS[name].label}</span>
            </a>
          ))}
        </nav>
        <ModelChip open={() => (choosing.value = true)} />
        <button
          type="button"
          class="quiet icon-button"
          aria-label={`Theme: ${THEME_NAMES[theme.value]}. Change to ${THEME_NAMES[nextTheme()]}`}
          title={`Theme: ${THEME_NAMES[theme.value]}`}
          onClick={() => {
            theme.value = nextTheme();
          }}
        >
          <Icon name={THEME_ICONS[theme.value]} />
        </button>
      </header>
      <div class="notices-place">{dialogs.value === 0 && <Notices />}</div>
      <main>
        {view.value === 'chat' && <ChatView />}
        {view.value === 'train' && <TrainView />}
        {view.value === 'kernels' && <KernelsView />}
      </main>
      {choosing.value && <ModelDialog onClose={() => (choosing.value = false)} />}
    </>
  );
}

function ModelChip({ open }: { open: () => void }): VNode {
  const state = model.value;
  const status = state.is === 'loading' ? stageOf(state.progress) : state.is === 'failed' ? 'failed' : 'ready';
  return (
    <button type="button" class="model-chip" onClick={open} title="Choose a model">
      <i class={`dot ${state.is}`} />
      <span class="visually-hidden">Model: </span>
      <span class="ellipsis">{state.name}</span>{' '}
      <small class={state.is === 'ready' ? 'visually-hidden' : ''}>{status}</small>
      <span class="visually-hidden">. Choose another</span>
    </button>
  );
}
