/** Conversations as they are kept, listed and exported. */
import type { AnswerStats, Message } from 'gemmule';
import { database } from './database';

/** One turn, and for an answer how fast it came. */
export interface Turn extends Message {
  role: 'user' | 'assistant';
  /** Figures of a finished answer. */
  stats?: AnswerStats;
}

/** A conversation. */
export interface Conversation {
  id: string;
  /** What the list shows: the first question until the user renames it. */
  title: string;
  /** Whether the user chose the title. */
  named: boolean;
  /** The system turn; empty for none. */
  system: string;
  turns: Turn[];
  /** When it was begun and last changed, in milliseconds since 1970. */
  created: number;
  changed: number;
}

/** What an exported file opens with. */
const FORMAT = 'gemmule-conversation';

/** An empty conversation. It is kept from its first question on. */
export function begin(system: string): Conversation {
  const now = Date.now();
  return { id: crypto.randomUUID(), title: 'New conversation', named: false, system, turns: [], created: now, changed: now };
}

/** The first question as a title. */
export function titleOf(question: string): string {
  const line = question.trim().split(/\s+/).join(' ');
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line || 'New conversation';
}

/** Every conversation, the last changed first. */
export async function list(): Promise<Conversation[]> {
  return (await (await database()).getAllFromIndex('conversations', 'changed')).reverse();
}

/** Keeps a conversation as it is now. */
export async function keep(conversation: Conversation): Promise<void> {
  await (await database()).put('conversations', conversation);
}

/** Deletes a conversation. */
export async function remove(id: string): Promise<void> {
  await (await database()).delete('conversations', id);
}

/** A conversation as JSON that {@link parse} reads back. */
export function toJson(conversation: Conversation): string {
  const { title, system, turns, created, changed } = conversation;
  return JSON.stringify({ format: FORMAT, version: 1, title, system, turns, created, changed }, null, 2);
}

/** A conversation as Markdown, for people. */
export function toMarkdown(conversation: Conversation): string {
  const parts = [`# ${conversation.title}`];
  if (conversation.system) parts.push(`> ${conversation.system.replaceAll('\n', '\n> ')}`);
  for (const turn of conversation.turns) parts.push(`**${turn.role === 'user' ? 'You' : 'Gemma'}**`, turn.content);
  return `${parts.join('\n\n')}\n`;
}

/**
 * Reads an exported conversation. Throws an `Error` that says what is wrong with the file.
 */
export function parse(text: string): Conversation {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new Error(`This file is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(read) || read['format'] !== FORMAT) throw new Error('This is not a conversation exported here.');
  const turns = read['turns'];
  if (!Array.isArray(turns)) throw new Error('The file has no list of turns.');
  const conversation = begin(typeof read['system'] === 'string' ? read['system'] : '');
  conversation.turns = turns.map((turn: unknown, index) => {
    if (!isRecord(turn) || typeof turn['content'] !== 'string') throw new Error(`Turn ${index + 1} has no content.`);
    const role = index % 2 === 0 ? 'user' : 'assistant';
    if (turn['role'] !== role) throw new Error(`Turn ${index + 1} should be the ${role}'s.`);
    return { role, content: turn['content'] };
  });
  if (typeof read['title'] === 'string' && read['title']) {
    conversation.title = read['title'];
    conversation.named = true;
  }
  return conversation;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
