import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMIT, answerText, ask, closeServer, modelReady, visit, type Visitor } from './harness.ts';
import { look } from './looks.ts';

let visitor: Visitor;

before(async () => {
  visitor = await visit();
  await modelReady(visitor.page);
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('the empty chat looks right', LIMIT, () => look(visitor.page, 'chat-empty'));

test('a conversation looks right', LIMIT, async () => {
  const { page } = visitor;
  await ask(page, "What is Tobin's pet?");
  await answerText(page);
  await ask(page, 'I want a story about Ada, Nora and a ring.');
  await answerText(page, 1);
  await look(page, 'chat');
});

test('what an answer can have in it looks right', LIMIT, async () => {
  const { page } = visitor;
  const content = `# One\n\n- two\n- **three** \`four\`\n\n\`\`\`rust\nlet five = 5; // ${'six '.repeat(30)}\n\`\`\`\n\n| a | b |\n|---|---|\n| 1 | [c](https://d.example) |\n\n> ${'seven'.repeat(30)}`;
  const turns = [{ role: 'user', content: `Show all you can, ${'very'.repeat(30)} much.` }, { role: 'assistant', content }];
  const buffer = Buffer.from(JSON.stringify({ format: 'gemmule-conversation', version: 1, title: 'All '.repeat(30), system: '', turns }));
  await page.locator('.history input[type=file]').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer });
  await page.locator('.turn.answer table').waitFor();
  await look(page, 'chat-markdown');
});

for (const [button, name] of [[/^Model:/, 'Models'], ['Options', 'Options'], ['Adapters', 'Adapters']] as const) {
  test(`the dialog ${name} looks right`, LIMIT, async () => {
    const { page } = visitor;
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('dialog', { name }).waitFor();
    try {
      await look(page, `dialog-${name.toLowerCase()}`);
    } finally {
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });
}

test('fine-tuning with its examples looks right', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Fine-tune' }).click();
  await page.getByRole('table', { name: 'Examples' }).waitFor();
  await look(page, 'train');
});

test('fine-tuning with all its options looks right', LIMIT, async () => {
  const { page } = visitor;
  await page.getByText('Advanced').click();
  await look(page, 'train-options', { at: page.getByText('Advanced') });
});

test('the kernels look right', LIMIT, async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Kernels' }).click();
  await page.locator('.kernel article').waitFor();
  await look(page, 'kernels');
});

test('no script complained', () => {
  assert.deepEqual(visitor.complaints, []);
});
