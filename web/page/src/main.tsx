/** Starts the page: the policy first, then what is on the screen, then the model. */
import './ui/trust';
import { render } from 'preact';
import { App } from './app';
import { refresh } from './chat/adapters';
import { open } from './chat/store';
import { loadEmbedded } from './models/current';
import './ui/theme.css';
import './ui/controls.css';
import './ui/frame.css';
import './chat/chat.css';

const root = document.getElementById('page');
if (root) render(<App />, root);
void open();
void refresh();
void loadEmbedded();

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // Without it the page works as before, only not offline: private windows and some hosts refuse it.
  navigator.serviceWorker.register('./service-worker.js').catch((error: unknown) => console.info('no offline use:', error));
}
if (new URLSearchParams(location.search).has('test')) void import('./hook');
