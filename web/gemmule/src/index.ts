/** Gemma 4 in the browser on WebGPU: chat, fine-tuning, and the kernels that do it. */
export { Gemma } from './gemma.js';
export { kernels, measureKernels } from './kernels.js';
export {
  Aborted,
  BadAdapter,
  BadModel,
  DatasetError,
  DeviceLost,
  GemmuleError,
  MissingFeature,
  Network,
  NoWebGPU,
  OutOfMemory,
  StorageFull,
} from './errors.js';
export type * from './types.js';
