import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptRows, questionsOf, toLines, toRows } from './examples.ts';

const ROWS = [
  { question: 'Say "hi"', answer: 'hi\nthere' },
  { question: 'Ää?', answer: '\\n' },
];

test('rows survive the way to lines and back, quotes and line breaks too', () => {
  const lines = toLines(ROWS);
  assert.equal(lines.split('\n').length, 2);
  assert.deepEqual(toRows(lines), ROWS);
});

test('a prompt with its completion is a row, what is more than a question and an answer is none', () => {
  assert.deepEqual(toRows('{"prompt": "a", "completion": "b"}\n\n'), [{ question: 'a', answer: 'b' }]);
  const others = [
    '{"text": "a"}',
    'no json',
    '[]',
    '{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}',
    '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "weight": 2}',
  ];
  for (const line of others) assert.equal(toRows(line), undefined, line);
});

test('the line of an error leads back to its row past empty rows', () => {
  const empty = { question: ' ', answer: '' };
  assert.deepEqual(keptRows([empty, ROWS[0]!, empty, ROWS[1]!]), [1, 3]);
});

test('questions of a comparison are the first distinct ones', () => {
  const lines = toLines([ROWS[0]!, ROWS[0]!, ROWS[1]!]);
  assert.deepEqual(questionsOf(`{"text": "x"}\n${lines}`, 2), ['Say "hi"', 'Ää?']);
  assert.deepEqual(questionsOf(lines, 1), ['Say "hi"']);
});
