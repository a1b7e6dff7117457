// Builds the npm package: the engine as wasm, its glue and worker, the types, and the kernels' sources.
// usage: node build.mjs [--quick]    --quick leaves out wasm-opt, which takes longer than all the rest
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { kernelSources } from './build/kernels.mjs';
import { run, targetFolder, wasmBindgen } from './build/tools.mjs';

const root = path.resolve(import.meta.dirname, '..');
const module = path.join(root, 'web/gemmule');
const [source, dist] = [path.join(module, 'src'), path.join(module, 'dist')];
const WASM = 'gemmule_web_bg.wasm';

// What every browser with WebGPU has, so that wasm-opt reads and writes it.
const FEATURES = ['bulk-memory', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'reference-types', 'multivalue', 'simd'];
// The standard library's target has all of these but one: where the CPU computes, it trains a quarter faster with it.
const SIMD = 'target.wasm32-unknown-unknown.rustflags=["-Ctarget-feature=+simd128"]';

const bindgen = await wasmBindgen(root);
run(root, 'cargo', ['build', '--package', 'gemmule-web', '--target', 'wasm32-unknown-unknown', '--profile', 'wasm', '--config', SIMD]);
const built = path.join(targetFolder(root), 'wasm32-unknown-unknown/wasm/gemmule_web.wasm');
run(root, bindgen, ['--target', 'web', '--out-dir', path.join(source, 'wasm'), built]);

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
if (process.argv.includes('--quick')) {
  await cp(path.join(source, 'wasm', WASM), path.join(dist, WASM));
} else {
  const optimise = path.join(root, 'web/node_modules/binaryen/bin/wasm-opt');
  const features = FEATURES.map((feature) => `--enable-${feature}`);
  const output = ['-o', path.join(dist, WASM), path.join(source, 'wasm', WASM)];
  run(root, process.execPath, [optimise, '-Oz', '--strip-debug', '--strip-producers', ...features, ...output]);
}

await build({
  entryPoints: [path.join(source, 'index.ts'), path.join(source, 'worker.ts')],
  outdir: dist,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  sourcemap: 'linked',
  sourcesContent: true,
  logLevel: 'warning',
});
run(module, process.execPath, [path.join(root, 'web/node_modules/typescript/bin/tsc'), '--emitDeclarationOnly']);
await cp(path.join(source, 'wasm/gemmule_web.d.ts'), path.join(dist, 'wasm/gemmule_web.d.ts'));
await writeFile(path.join(dist, 'kernels.json'), JSON.stringify(await kernelSources(root, 'kernels-src/src')));
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) await cp(path.join(root, licence), path.join(module, licence));

for (const name of [WASM, 'worker.js', 'index.js', 'kernels.json']) {
  const bytes = await readFile(path.join(dist, name));
  console.log(`${name}: ${bytes.length} bytes, ${brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length} with brotli`);
}
