/** The chat's state: the conversation that is open, the others, and the answer under way. */
import { computed, signal } from '@preact/signals';
import { type AnswerStats, DeviceLost, type GenerateOptions, type Message } from 'gemmule';
import { deviceAnswered, model, whenReady } from '../models/current';
import { type Conversation, begin, keep, list, remove, titleOf } from '../storage/conversations';
import { type Sampling, UNSET, keepSetting, setting } from '../storage/settings';
import { notify } from '../ui/notices';
import { isAborted, problem } from '../ui/problems';
import { claim, release } from '../ui/work';
import { settled as adapterSettled } from './adapters';

/** An answer under way. */
export interface Running {
  /** The conversation that it belongs to. */
  id: string;
  text: string;
  /** What it waits for, or that it comes. */
  phase: 'model' | 'prompt' | 'text' | 'recovering';
  stop: () => void;
}

/** The conversation that is open. */
export const current = signal<Conversation>(begin(''));
/** Every kept conversation, the last changed first. */
export const conversations = signal<Conversation[]>([]);
/** The answer under way, of whichever conversation. */
export const running = signal<Running | undefined>();
/** How answers are sampled. */
export const sampling = signal<Sampling>(UNSET);
/** What a new conversation's system turn is. */
export const system = signal('');
/** The answer under way in the conversation that is open. */
export const runningHere = computed(() => (running.value?.id === current.value.id ? running.value : undefined));

/** Text is shown this often, in milliseconds: a model may be faster than a screen. */
const FRAME = 33;

/** Reads what earlier visits kept. */
export async function open(): Promise<void> {
  try {
    sampling.value = { ...UNSET, ...(await setting('sampling')) };
    system.value = (await setting('system')) ?? '';
    if (current.value.turns.length === 0) current.value = { ...current.value, system: system.value };
    conversations.value = await list();
  } catch (error) {
    notify({ ...problem(error), title: 'Conversations are not kept', advice: 'The browser refuses storage here, as private windows may.' });
  }
}

/** Keeps the sampling options. */
export function chooseSampling(chosen: Sampling): void {
  sampling.value = chosen;
  void keepSetting('sampling', chosen).catch(refused);
}

/** Sets the system turn of the conversation that is open, and of those to come. */
export function chooseSystem(text: string): void {
  system.value = text;
  void keepSetting('system', text).catch(refused);
  update({ ...current.value, system: text });
}

/** Opens an empty conversation. */
export function startNew(): void {
  current.value = begin(system.value);
}

/** Opens a kept conversation. */
export function select(id: string): void {
  const found = conversations.value.find((each) => each.id === id);
  if (found) current.value = found;
}

/** Opens and keeps a conversation from elsewhere. */
export function adopt(conversation: Conversation): void {
  current.value = conversation;
  update(conversation);
}

/** Renames a conversation. */
export function rename(conversation: Conversation, title: string): void {
  update({ ...conversation, title: title.trim() || conversation.title, named: true });
}

/** Deletes a conversation, and its answer under way with it. */
export async function forget(id: string): Promise<void> {
  if (running.value?.id === id) running.value.stop();
  conversations.value = conversations.value.filter((each) => each.id !== id);
  if (current.value.id === id) startNew();
  await remove(id).catch(refused);
}

/** Asks a question and waits for its answer. */
export async function send(question: string): Promise<void> {
  const conversation = current.value;
  const title = conversation.turns.length === 0 && !conversation.named ? titleOf(question) : conversation.title;
  await answer({ ...conversation, title, turns: [...conversation.turns, { role: 'user', content: question }] });
}

/** Answers the last question anew. */
export async function regenerate(): Promise<void> {
  const conversation = current.value;
  const last = conversation.turns.findLastIndex(({ role }) => role === 'user');
  if (last >= 0) await answer({ ...conversation, turns: conversation.turns.slice(0, last + 1) });
}

/** Replaces a question; what came after it goes. */
export async function resend(index: number, question: string): Promise<void> {
  const conversation = current.value;
  await answer({ ...conversation, turns: [...conversation.turns.slice(0, index), { role: 'user', content: question }] });
}

/** The options of an answer. The embedded model is exact rather than inventive unless told otherwise. */
export function generateOptions(chosen: Sampling): GenerateOptions {
  const state = model.value;
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  return { ...(state.is === 'ready' && state.embedded ? { temperature: 0 } : {}), ...given };
}

async function answer(conversation: Conversation): Promise<void> {
  const { id } = conversation;
  const controller = new AbortController();
  if (!claim('answer')) return;
  update({ ...conversation, changed: Date.now() });
  let text = '';
  let stats: AnswerStats | undefined;
  const show = (phase: Running['phase']) => {
    running.value = { id, text, phase, stop: () => controller.abort() };
  };
  try {
    show('model');
    const gemma = await whenReady(controller.signal);
    await adapterSettled();
    const messages: Message[] = conversation.turns.map(({ role, content }) => ({ role, content }));
    if (conversation.system.trim()) messages.unshift({ role: 'system', content: conversation.system });
    const options = { ...generateOptions(sampling.value), signal: controller.signal };
    const ask = async (phase: Running['phase']) => {
      text = '';
      show(phase);
      let shown = 0;
      for await (const part of gemma.chat(messages, options)) {
        if (part.type === 'end') {
          stats = part.stats;
          continue;
        }
        text += part.text;
        const now = performance.now();
        if (now - shown < FRAME) continue;
        shown = now;
        show('text');
      }
    };
    try {
      await ask('prompt');
    } catch (error) {
      // The package opens the device and the model again with the next call; a second loss is the user's to see.
      if (!(error instanceof DeviceLost) || controller.signal.aborted) throw error;
      await ask('recovering');
    }
    deviceAnswered(gemma);
  } catch (error) {
    if (!isAborted(error)) notify(problem(error));
  } finally {
    running.value = undefined;
    release('answer');
  }
  if (!text && !stats) return;
  const kept = conversations.value.find((each) => each.id === id);
  if (kept) update({ ...kept, turns: [...conversation.turns, { role: 'assistant', content: text, ...(stats ? { stats } : {}) }], changed: Date.now() });
}

/** Puts a conversation where it is shown, and keeps it once it has turns. */
function update(conversation: Conversation): void {
  if (current.value.id === conversation.id) current.value = conversation;
  if (conversation.turns.length === 0) return;
  const others = conversations.value.filter((each) => each.id !== conversation.id);
  conversations.value = [conversation, ...others].sort((a, b) => b.changed - a.changed);
  void keep(conversation).catch(refused);
}

function refused(error: unknown): void {
  notify({ ...problem(error), title: 'This could not be kept' });
}
