// Validates every WGSL file of a folder with Tint, the compiler in Chrome, on Dawn's null backend: no GPU is needed.
// usage: node check.mjs FOLDER_WITH_NODE_MODULES GOLDEN_FOLDER
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, golden] = process.argv.slice(2);
if (!modules || !golden) {
  console.error('usage: node check.mjs FOLDER_WITH_NODE_MODULES GOLDEN_FOLDER');
  process.exit(2);
}
const require = createRequire(path.resolve(modules, 'package.json'));
const { create, globals } = await import(pathToFileURL(require.resolve('webgpu')));
Object.assign(globalThis, globals);

// Named, and not only used once: Dawn ends with the object that `create` gives.
const gpu = create(['backend=null']);
const adapter = await gpu.requestAdapter();
const optional = ['shader-f16', 'subgroups'];
const missing = optional.filter((feature) => !adapter.features.has(feature));
if (missing.length > 0) throw new Error(`the null adapter lacks ${missing.join(', ')}`);
const device = await adapter.requestDevice({ requiredFeatures: optional });

// The `enable` lines belong to the target and not to the kernel: the file's first line says which ones it needs.
function enables(text) {
  const line = text.slice(0, text.indexOf('\n'));
  const declared = /^\/\/ .+ \| features:(.*)$/.exec(line);
  if (!declared) throw new Error(`the first line is \`${line}\` and not \`// KEY | features: ...\``);
  return declared[1].split(' ').filter(Boolean).map((feature) => `enable ${feature};`);
}

// Dawn's validation of one text: the module (types, uniformity), then the pipeline (WebGPU's default limits).
async function problems(text) {
  // In the place of the first line, so that line numbers stay the file's.
  const code = enables(text).join(' ') + text.slice(text.indexOf('\n'));
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const found = messages
    .filter(({ type }) => type === 'error')
    .map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`);
  if (found.length === 0) device.createComputePipeline({ layout: 'auto', compute: { module } });
  const error = await device.popErrorScope();
  if (found.length === 0 && error) found.push(error.message);
  return found;
}

// A checker that accepts everything proves nothing: Tint must refuse a barrier that not every invocation reaches.
const divergent = `// divergent | features:
@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) lane: u32) {
  if lane == 0u { workgroupBarrier(); }
}`;
if (!(await problems(divergent)).some((problem) => problem.includes('uniform control flow'))) {
  throw new Error('Tint accepted a barrier under a divergent condition: this check would see nothing');
}

const files = (await readdir(golden)).filter((name) => name.endsWith('.wgsl')).sort();
let failed = 0;
for (const name of files) {
  const file = path.join(golden, name);
  const found = await problems(await readFile(file, 'utf8'));
  if (found.length > 0) failed += 1;
  for (const problem of found) console.log(`${file}:${problem}`);
}
console.log(`test result: ${failed === 0 && files.length > 0 ? 'ok' : 'FAILED'}. ${files.length - failed} passed; ${failed} failed`);
if (files.length === 0) console.log(`no .wgsl file in ${golden}`);
process.exit(failed === 0 && files.length > 0 ? 0 : 1);
