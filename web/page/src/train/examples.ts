/** Examples: question and answer rows on one side, lines of JSON on the other. */

/** A row of the table. */
export interface Row {
  question: string;
  answer: string;
}

/** Rows as the dataset that the engine reads. Rows that are empty on both sides are left out. */
export function toLines(rows: readonly Row[]): string {
  return rows
    .filter(({ question, answer }) => question.trim() || answer.trim())
    .map(({ question, answer }) => JSON.stringify({ messages: [{ role: 'user', content: question.trim() }, { role: 'assistant', content: answer.trim() }] }))
    .join('\n');
}

/** Indices of the rows that {@link toLines} keeps, so that a line's number leads back to its row. */
export function keptRows(rows: readonly Row[]): number[] {
  return rows.flatMap(({ question, answer }, index) => (question.trim() || answer.trim() ? [index] : []));
}

/** Lines as rows, or `undefined` where one is more than a question and its answer. */
export function toRows(lines: string): Row[] | undefined {
  const rows: Row[] = [];
  for (const line of lines.split('\n')) {
    if (!line.trim()) continue;
    const row = toRow(line);
    if (!row) return undefined;
    rows.push(row);
  }
  return rows;
}

function toRow(line: string): Row | undefined {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(read)) return undefined;
  const keys = Object.keys(read);
  if (keys.length === 2 && typeof read['prompt'] === 'string' && typeof read['completion'] === 'string') {
    return { question: read['prompt'], answer: read['completion'] };
  }
  const messages = read['messages'];
  if (keys.length !== 1 || !Array.isArray(messages) || messages.length !== 2) return undefined;
  const [question, answer] = messages as unknown[];
  if (!isRecord(question) || !isRecord(answer)) return undefined;
  if (question['role'] !== 'user' || answer['role'] !== 'assistant') return undefined;
  const texts = [question['content'], answer['content']];
  return typeof texts[0] === 'string' && typeof texts[1] === 'string' ? { question: texts[0], answer: texts[1] } : undefined;
}

/** The first questions of a dataset, to be asked before and after. Lines that are no conversation give none. */
export function questionsOf(lines: string, most: number): string[] {
  const questions: string[] = [];
  for (const line of lines.split('\n')) {
    if (questions.length === most) break;
    const row = line.trim() ? toRow(line) : undefined;
    if (row && !questions.includes(row.question)) questions.push(row.question);
  }
  return questions;
}

/** How many examples a dataset's text holds. */
export function countLines(lines: string): number {
  return lines.split('\n').filter((line) => line.trim()).length;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
