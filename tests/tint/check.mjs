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
// A device with WebGPU's default limits, and one for each set of higher limits that a kernel declares.
const devices = new Map();
async function deviceWith(requiredLimits) {
  const key = JSON.stringify(requiredLimits);
  if (!devices.has(key)) devices.set(key, await adapter.requestDevice({ requiredFeatures: optional, requiredLimits }));
  return devices.get(key);
}

// The `enable` lines belong to the target and not to the kernel: the file's first line says which ones it needs, and
// which limits above the defaults.
function declared(text) {
  const line = text.slice(0, text.indexOf('\n'));
  const found = /^\/\/ .+ \| features:([^|]*)(?:\| limits:(.*))?$/.exec(line);
  if (!found) throw new Error(`the first line is \`${line}\` and not \`// KEY | features: ...\``);
  const words = (text) => (text ?? '').split(' ').filter(Boolean);
  const limits = words(found[2]).map((word) => word.split('=')).map(([name, value]) => [name, Number(value)]);
  // A workgroup is one row of invocations.
  const row = limits.find(([name]) => name === 'maxComputeInvocationsPerWorkgroup');
  if (row) limits.push(['maxComputeWorkgroupSizeX', row[1]]);
  return {
    enables: words(found[1]).map((feature) => `enable ${feature};`),
    limits: Object.fromEntries(limits),
    // Limits that this adapter does not reach, and what no browser has.
    beyond: limits
      .filter(([name, value]) => value > adapter.limits[name])
      .map(([name, value]) => `${name}=${value}`)
      .concat(words(found[1]).filter((feature) => feature === 'cooperative_matrix')),
  };
}

// Dawn's validation of one text: the module (types, uniformity), then the pipeline (WebGPU's default limits, or those
// that the kernel declares).
async function problems(text) {
  // In the place of the first line, so that line numbers stay the file's.
  const { enables, limits } = declared(text);
  const code = enables.join(' ') + text.slice(text.indexOf('\n'));
  const device = await deviceWith(limits);
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
process.exit(failed === 0 && files.length > 0 ? 0 : 1);
