/**
 * Firefox, driven by the W3C's WebDriver BiDi, which it speaks by itself over a WebSocket: Playwright drives only a Firefox
 * of its own. As much of the protocol as the tests need.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

const PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** WebGPU on whatever driver there is, and nothing that asks other hosts or fills the first tab. */
const PREFERENCES = {
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9/',
  'toolkit.telemetry.enabled': false,
};

/** How long a condition is waited for, in milliseconds. */
const PATIENCE = 120_000;

/** The Firefox that the tests drive: `$FIREFOX`, or the system's. */
export function firefoxPath(): string | undefined {
  return [process.env['FIREFOX'], ...PLACES].find((each) => each && existsSync(each));
}

interface Reply {
  id?: number;
  type: 'success' | 'error' | 'event';
  result?: unknown;
  error?: string;
  message?: string;
  method?: string;
  params?: { level?: string; text?: string | null };
}

/** What `script.evaluate` gives. */
interface Evaluated {
  type: 'success' | 'exception';
  result?: { type: string; value?: string };
  exceptionDetails?: { text: string };
}

/** A Firefox without a window, with an empty profile, and its one tab. */
export class Firefox {
  /** What scripts threw without anybody to catch it, and what they logged as errors. */
  readonly complaints: string[] = [];
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;
  #tab = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
      else if (reply.method === 'log.entryAdded' && reply.params?.level === 'error') this.complaints.push(reply.params.text ?? '');
    });
  }

  /** Starts it. */
  static async start(path: string): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'gemmule-firefox-'));
    const preferences = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(profile, 'user.js'), preferences.join('\n'));
    const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (data) => {
        said += String(data);
        const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said)?.[1];
        if (found) resolve(found);
      });
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${said}`)));
    });
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send('session.new', { capabilities: {} });
    await firefox.#send('session.subscribe', { events: ['log.entryAdded'] });
    const { contexts } = (await firefox.#send('browsingContext.getTree', {})) as { contexts: { context: string }[] };
    firefox.#tab = contexts[0]?.context ?? '';
    return firefox;
  }

  /** Opens an address, and waits until it is loaded. */
  async open(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { context: this.#tab, url, wait: 'complete' });
  }

  /** Runs a function without a closure in the page; its promise is waited for, its value crosses as JSON. */
  async evaluate<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    const expression = `Promise.resolve((${work.toString()})(...${JSON.stringify(args)})).then((value) => JSON.stringify(value) ?? 'null')`;
    const target = { context: this.#tab };
    const { result, exceptionDetails } = (await this.#send('script.evaluate', { expression, target, awaitPromise: true })) as Evaluated;
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return JSON.parse(result?.value ?? 'null') as T;
  }

  /** Waits until a function without a closure gives something else than nothing in the page, and gives it; not forever. */
  async until<A extends unknown[], T>(work: (...args: A) => T | undefined | null | false, ...args: A): Promise<T> {
    const begun = Date.now();
    for (;;) {
      const found = await this.evaluate(work, ...args);
      if (found) return found;
      if (Date.now() - begun > PATIENCE) throw new Error(`in vain: ${work.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Types text where the focus is; `\n` is the Enter key. */
  async type(text: string): Promise<void> {
    const keys = [...text].map((each) => (each === '\n' ? '\uE007' : each));
    const actions = keys.flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.#send('input.performActions', { context: this.#tab, actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Ends it and removes its profile. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.process.on('exit', resolve));
    this.socket.terminate();
    this.process.kill('SIGKILL');
    await gone;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ type, result, error, message }) => {
        this.#waiting.delete(id);
        if (type === 'success') resolve(result);
        else reject(new Error(`${method}: ${error}: ${message}`));
      });
      assert.equal(this.socket.readyState, WebSocket.OPEN, 'Firefox is gone');
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
