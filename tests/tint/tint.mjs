// Tint, the compiler in Chrome, on Dawn's null backend: no GPU is needed.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// What Tint and Dawn say of a text, and what its first line declares. `modules` is a folder with node_modules.
export async function tint(modules) {
  const require = createRequire(path.resolve(modules, 'package.json'));
  const { create, globals } = await import(pathToFileURL(require.resolve('webgpu')));
  Object.assign(globalThis, globals);

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

  // With `gpu`: Dawn ends with the object that `create` gives.
  return { problems, declared, gpu };
}
