/** Kernels timed in the worker, on a device of their own. */
import { GemmuleError } from '../errors.js';
import type { Ceilings, KernelTime, Meter as MeterInfo, MeterOptions } from '../types.js';
import { watchDevice, type OpenDevice } from './device.js';
import type { Meter } from './wasm.js';

/** What is open while kernels are timed. */
export class Measuring {
  #open: { meter: Meter; device: OpenDevice } | undefined;

  /** Opens a device, and measures what it can do. */
  async open({ Meter: meters }: { Meter: typeof Meter }, options: MeterOptions): Promise<MeterInfo> {
    this.close();
    const { without = [], defaultLimits } = options;
    const text = JSON.stringify({ without, defaultLimits });
    const { value: meter, device } = await watchDevice(without, () => meters.open(text));
    this.#open = { meter, device };
    const ceilings = JSON.parse(meter.ceilings()) as Ceilings | null;
    return { device: device.info(without), ceilings: ceilings ?? undefined };
  }

  /** Times a kernel variant. */
  async time(name: string): Promise<KernelTime> {
    if (!this.#open) throw new GemmuleError('no device is open to measure on');
    const { operations, bytes, share, bound, ...rest } = JSON.parse(await this.#open.meter.time(name)) as FromRust;
    const known = { operations: operations ?? undefined, bytes: bytes ?? undefined, share: share ?? undefined };
    return { ...rest, ...known, bound: bound ?? undefined };
  }

  /** Frees the device. */
  close(): void {
    this.#open?.meter.free();
    this.#open?.device.device.destroy();
    this.#open = undefined;
  }
}

/** What is `undefined` here is `null` there. */
type FromRust = { [K in keyof KernelTime]: undefined extends KernelTime[K] ? KernelTime[K] | null : KernelTime[K] };
