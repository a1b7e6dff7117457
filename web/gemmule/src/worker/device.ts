/**
 * The one device that the wasm asks for, seen from outside: wgpu has no word for subgroups in a browser, so that the
 * feature is added to its request, and what the device is can be told.
 */
import { NoWebGPU } from '../errors.js';
import type { DeviceFeature, DeviceInfo } from '../types.js';
import { Lock } from './lock.js';

// As much of WebGPU as is used here.
interface GpuDevice {
  readonly features: ReadonlySet<string>;
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  destroy(): void;
}
interface GpuAdapter {
  readonly features: ReadonlySet<string>;
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(descriptor?: { requiredFeatures?: Iterable<string> }): Promise<GpuDevice>;
}
interface Gpu {
  requestAdapter(options?: unknown): Promise<GpuAdapter | null>;
}

const FEATURES: readonly DeviceFeature[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** A device that was opened, and whose it is. */
export class OpenDevice {
  constructor(
    readonly device: GpuDevice,
    private readonly adapter: GpuAdapter,
  ) {}

  /** What it is, for people and for choices. */
  info(without: readonly DeviceFeature[]): DeviceInfo {
    const words = wordsOf(this.adapter);
    const text = [...new Set(words)].join(' ') || 'an adapter without a name';
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    return {
      description: text,
      software: isSoftware(this.adapter),
      features: FEATURES.filter((feature) => this.device.features.has(feature) && !without.includes(feature)),
      maxBindingBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize),
    };
  }
}

/** The kernels as wasm, in this worker. */
export const CPU: DeviceInfo = {
  description: 'CPU, in WebAssembly',
  software: true,
  features: [],
  maxBindingBytes: 2 ** 32 - 1,
};

function wordsOf({ info: { vendor, architecture, device, description } }: GpuAdapter): string[] {
  return [vendor, architecture, device, description].filter((word) => word);
}

/** Whether a CPU plays the GPU. */
function isSoftware(adapter: GpuAdapter): boolean {
  const software = /swiftshader|llvmpipe|lavapipe|basic render/i;
  return adapter.info.isFallbackAdapter === true || software.test(wordsOf(adapter).join(' '));
}

/** The largest model that the CPU is given unasked: its weights lie in the wasm's memory, which ends at 4 GiB. */
const CPU_MODEL_BYTES = 2 ** 30;

/** What computes with a model of so many bytes, where the caller leaves it open. */
export async function chooseDevice(wanted: 'auto' | 'gpu' | 'cpu' = 'auto', bytes: number): Promise<'gpu' | 'cpu'> {
  if (wanted !== 'auto') return wanted;
  if (bytes > CPU_MODEL_BYTES) return 'gpu';
  const adapter = await gpuOfScope()?.requestAdapter();
  return adapter && !isSoftware(adapter) ? 'gpu' : 'cpu';
}

function gpuOfScope(): Gpu | undefined {
  return (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
}

/** Under Node several models share one scope: they are opened one after the other. */
const opening = new Lock();

/** Runs `open`, and gives the device that it asks for on the way. */
export function watchDevice<T>(
  without: readonly DeviceFeature[],
  open: () => Promise<T>,
): Promise<{ value: T; device: OpenDevice }> {
  return opening.run(() => watch(without, open));
}

async function watch<T>(without: readonly DeviceFeature[], open: () => Promise<T>) {
  const gpu = gpuOfScope();
  if (!gpu) throw new NoWebGPU(
      'there is no WebGPU (navigator.gpu): browsers have it in secure contexts, Node with the npm package `webgpu`',
    );
  let found: OpenDevice | undefined;
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  const watched = async (options?: unknown): Promise<GpuAdapter | null> => {
    const adapter = await requestAdapter(options);
    if (!adapter) return null;
    const requestDevice = adapter.requestDevice.bind(adapter);
    shadow(adapter, 'requestDevice', async (descriptor: { requiredFeatures?: Iterable<string> } = {}) => {
      const features = new Set(descriptor.requiredFeatures);
      if (adapter.features.has('subgroups') && !without.includes('subgroups')) features.add('subgroups');
      const device = await requestDevice({ ...descriptor, requiredFeatures: [...features] });
      found = new OpenDevice(device, adapter);
      return device;
    });
    return adapter;
  };
  shadow(gpu, 'requestAdapter', watched);
  try {
    const value = await open();
    if (!found) throw new NoWebGPU('the browser gave no device');
    return { value, device: found };
  } catch (error) {
    // What was uploaded so far would stay until the garbage collector comes by.
    found?.device.destroy();
    throw error;
  } finally {
    delete (gpu as Partial<Gpu>).requestAdapter;
  }
}

/** Puts an own property before a method of the prototype, whose own may not be writable. */
function shadow(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
}
