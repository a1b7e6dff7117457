// Running programs, and wasm-bindgen's own of exactly the version that the crate has.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Runs a program in the repository; its output is the caller's. Ends the build where it fails. */
export function run(root, program, args, env = {}) {
  console.log(`> ${[path.basename(program), ...args].join(' ')}`);
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (done.error) throw new Error(`${program} cannot be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${program} failed with ${done.status ?? done.signal}`);
}

/** Cargo's target folder. */
export function targetFolder(root) {
  return path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
}

/** The program wasm-bindgen, built into the target folder where it is not there yet. */
export async function wasmBindgen(root) {
  const lock = await readFile(path.join(root, 'Cargo.lock'), 'utf8');
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) throw new Error('Cargo.lock has no wasm-bindgen');
  const folder = path.join(targetFolder(root), 'tools');
  const program = path.join(folder, 'bin', process.platform === 'win32' ? 'wasm-bindgen.exe' : 'wasm-bindgen');
  const present = existsSync(program) && spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim();
  if (present !== `wasm-bindgen ${version}`) {
    // It only translates: building it fast matters more than running it fast.
    const args = ['install', 'wasm-bindgen-cli', '--version', version, '--root', folder, '--debug', '--force'];
    run(root, 'cargo', args, { CARGO_TARGET_DIR: path.join(folder, 'build') });
  }
  return program;
}
