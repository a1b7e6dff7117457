import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, parse, titleOf, toJson, toMarkdown } from './conversations.ts';

function conversation() {
  const made = begin('Be short.');
  made.title = 'A talk';
  made.turns = [
    { role: 'user', content: 'Hi?' },
    { role: 'assistant', content: 'Hi.' },
  ];
  return made;
}

test('an exported conversation opens again as it was', () => {
  const made = conversation();
  const { title, system, turns } = parse(toJson(made));
  assert.deepEqual({ title, system, turns }, { title: made.title, system: made.system, turns: made.turns });
});

test('what is no exported conversation is refused with its reason', () => {
  assert.throws(() => parse('{'), /not JSON/);
  assert.throws(() => parse('{"turns": []}'), /not a conversation/);
  const two = (turns: unknown) => JSON.stringify({ format: 'gemmule-conversation', version: 1, turns });
  assert.throws(() => parse(two('x')), /no list of turns/);
  assert.throws(() => parse(two([{ role: 'assistant', content: '' }])), /Turn 1 should be the user's/);
  assert.throws(() => parse(two([{ role: 'user' }])), /Turn 1 has no content/);
});

test('Markdown names who speaks and quotes the system turn', () => {
  assert.equal(toMarkdown(conversation()), '# A talk\n\n> Be short.\n\n**You**\n\nHi?\n\n**Gemma**\n\nHi.\n');
});

test('a title is one short line of the first question', () => {
  assert.equal(titleOf('  What\n is  this? '), 'What is this?');
  assert.equal(titleOf('x'.repeat(80)).length, 60);
});
