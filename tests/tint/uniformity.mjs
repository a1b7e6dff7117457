// Compares Tint's verdicts on the corpus of uniformity with the committed table: whatever Tint refuses there, the macro
// refuses. UNIFORMITY_BLESS=1 writes Tint's column anew.
// usage: node uniformity.mjs FOLDER_WITH_NODE_MODULES CORPUS_FOLDER
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tint } from './tint.mjs';

const [modules, corpus] = process.argv.slice(2);
if (!modules || !corpus) {
  console.error('usage: node uniformity.mjs FOLDER_WITH_NODE_MODULES CORPUS_FOLDER');
  process.exit(2);
}
const { problems, gpu } = await tint(modules);

const table = path.join(corpus, 'verdicts.md');
const lines = (await readFile(table, 'utf8')).split('\n');
let judged = 0;
let failed = 0;
for (const [index, line] of lines.entries()) {
  const row = /^\| `(\w+)` \| (\w+) \| ([\w?]+) \|/.exec(line);
  if (!row) continue;
  const [, name, byMacro, known] = row;
  judged += 1;
  const found = await problems(await readFile(path.join(corpus, 'wgsl', `${name}.wgsl`), 'utf8'));
  const other = found.filter((problem) => !/uniform/.test(problem));
  const verdict = found.length === 0 ? 'accepts' : 'refuses';
  if (other.length > 0) {
    failed += 1;
    console.log(`${name}: refused for another reason: ${other.join('; ')}`);
  } else if (verdict === 'refuses' && byMacro === 'accepts') {
    failed += 1;
    console.log(`${name}: the macro accepts it, Tint does not: ${found.join('; ')}`);
  } else if (verdict !== known) {
    if (process.env.UNIFORMITY_BLESS !== '1') {
      failed += 1;
      console.log(`${name}: Tint ${verdict} it; the table says that it ${known}`);
    }
    lines[index] = line.replace(`| ${byMacro} | ${known} |`, `| ${byMacro} | ${verdict} |`);
  }
}
if (process.env.UNIFORMITY_BLESS === '1') await writeFile(table, lines.join('\n'));
console.log(`test result: ${failed === 0 && judged > 0 ? 'ok' : 'FAILED'}. ${judged - failed} passed; ${failed} failed`);
if (judged === 0) console.log(`no program in ${table}`);
process.exit(failed === 0 && judged > 0 && gpu ? 0 : 1);
