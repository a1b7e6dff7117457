/** Errors as people need them: what happened, and what to do about it. */
import {
  Aborted,
  BadAdapter,
  BadModel,
  DatasetError,
  DeviceLost,
  MissingFeature,
  Network,
  NoWebGPU,
  OutOfMemory,
  StorageFull,
} from 'gemmule';

/** Something to tell the user. */
export interface Problem {
  level: 'error' | 'done';
  title: string;
  /** What to do. */
  advice?: string;
  /** The error's own words. */
  detail?: string;
}

const WEBGPU_ADVICE =
  'Chrome and Edge 113 or newer have WebGPU on Windows, macOS, ChromeOS and Android; Safari has it from version 26, ' +
  'Firefox from 141 on Windows and 145 on macOS. On Linux, Chrome needs chrome://flags/#enable-unsafe-webgpu, and ' +
  'Firefox dom.webgpu.enabled in about:config. The page must come over HTTPS or from this computer.';

/** Whether an error only says that the user stopped something. */
export function isAborted(error: unknown): boolean {
  return error instanceof Aborted || (error instanceof DOMException && error.name === 'AbortError');
}

/** Whether there is no room left: the package says so of models, the browser of all else. */
function isFull(error: unknown): boolean {
  return error instanceof StorageFull || (error instanceof Error && error.name === 'QuotaExceededError');
}

/** What to tell about an error. */
export function problem(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  const told = (title: string, advice: string): Problem => ({ level: 'error', title, advice, detail });
  if (error instanceof NoWebGPU) return told('This browser offers no WebGPU', WEBGPU_ADVICE);
  if (error instanceof OutOfMemory) {
    return told('The device has not enough memory', 'Close other tabs, choose a smaller model, or load it with a shorter context.');
  }
  if (error instanceof BadModel) {
    return told('This model cannot be used', 'Choose a complete GGUF file of a Gemma 4 text model. A download that broke off must be taken up again.');
  }
  if (error instanceof DeviceLost) {
    return told('The graphics device was lost', 'It is opened again with the next message. If it happens often, update the graphics driver or choose a smaller model.');
  }
  if (error instanceof BadAdapter) {
    return told('This adapter does not fit the model', 'Load the model that it was trained on, or choose another adapter.');
  }
  if (error instanceof MissingFeature) {
    return told('The device lacks what this needs', 'Try another browser, or a model in another format.');
  }
  if (error instanceof Network) {
    return told('The download failed', 'Check the address and the connection. Trying again goes on where it broke off; a server must allow other sites to read it (CORS).');
  }
  if (error instanceof DatasetError) {
    return told('Some examples cannot be used', 'The lines in question are marked below.');
  }
  if (isFull(error)) return told('The browser has no room left', 'Delete models that are not needed, or free space on the disk.');
  return told('Something went wrong', 'Try again; reload the page if it stays.');
}
