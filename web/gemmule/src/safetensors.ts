/** Tensors of a safetensors file, of which the engine writes F32 alone. */
import { GemmuleError } from './errors.js';

/** Every tensor by its name, flat. */
export function tensors(file: Uint8Array): Map<string, Float32Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, start))) as Record<string, unknown>;
  const found = new Map<string, Float32Array>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, data_offsets } = entry as { dtype: string; data_offsets: [number, number] };
    if (dtype !== 'F32') throw new GemmuleError(`${name} is ${dtype}, not F32`);
    const [from, to] = data_offsets;
    // A copy, because a view of floats must start at a multiple of 4.
    found.set(name, new Float32Array(file.slice(start + from, start + to).buffer));
  }
  return found;
}
