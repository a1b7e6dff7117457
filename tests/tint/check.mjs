// Validates every WGSL file of a folder with Tint, the compiler in Chrome: no GPU is needed.
// usage: node check.mjs FOLDER_WITH_NODE_MODULES GOLDEN_FOLDER
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { tint } from './tint.mjs';

const [modules, golden] = process.argv.slice(2);
if (!modules || !golden) {
  console.error('usage: node check.mjs FOLDER_WITH_NODE_MODULES GOLDEN_FOLDER');
  process.exit(2);
}
// `gpu` by name: Dawn ends with it.
const { problems, declared, gpu } = await tint(modules);

// A checker that accepts everything proves nothing: Tint must refuse a barrier that not every invocation reaches.
const divergent = `// divergent | features:
@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) lane: u32) {
  if lane == 0u { workgroupBarrier(); }
}`;
if (!(await problems(divergent)).some((problem) => problem.includes('uniform control flow'))) {
  throw new Error('Tint accepted a barrier under a divergent condition: this check would see nothing');
}

// Nor does one whose limits are never those that it was told.
const wide = (limits) => `// wide | features:${limits}
@compute @workgroup_size(512) fn main() {}`;
if ((await problems(wide(''))).length === 0) throw new Error('Dawn accepted 512 invocations under the default limits');
const raised = ' | limits: maxComputeInvocationsPerWorkgroup=512';
if (declared(wide(raised)).beyond.length > 0) {
  console.log('SKIPPED: this adapter has no limits above the defaults to raise');
} else if ((await problems(wide(raised))).length > 0) {
  throw new Error('Dawn refused 512 invocations, which the first line declares');
}

const files = (await readdir(golden)).filter((name) => name.endsWith('.wgsl')).sort();
let failed = 0;
let skipped = 0;
for (const name of files) {
  const file = path.join(golden, name);
  const text = await readFile(file, 'utf8');
  const { beyond } = declared(text);
  if (beyond.length > 0) {
    skipped += 1;
    console.log(`SKIPPED ${file}: the null adapter lacks ${beyond.join(' ')}`);
    continue;
  }
  const found = await problems(text);
  if (found.length > 0) failed += 1;
  for (const problem of found) console.log(`${file}:${problem}`);
}
console.log(`test result: ${failed === 0 && files.length > 0 ? 'ok' : 'FAILED'}. ${files.length - failed - skipped} passed; ${failed} failed; ${skipped} skipped`);
if (files.length === 0) console.log(`no .wgsl file in ${golden}`);
process.exit(failed === 0 && files.length > 0 && gpu ? 0 : 1);
