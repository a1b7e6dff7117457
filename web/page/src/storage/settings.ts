/** Settings that outlive a visit: sampling, the system turn, the theme. */
import { database } from './database';

/** How answers are sampled; `undefined` leaves a value to the model's default. */
export interface Sampling {
  temperature: number | undefined;
  topK: number | undefined;
  topP: number | undefined;
  minP: number | undefined;
  repeatPenalty: number | undefined;
  seed: number | undefined;
  maxTokens: number | undefined;
}

/** Nothing chosen. */
export const UNSET: Sampling = {
  temperature: undefined,
  topK: undefined,
  topP: undefined,
  minP: undefined,
  repeatPenalty: undefined,
  seed: undefined,
  maxTokens: undefined,
};

interface Settings {
  sampling: Sampling;
  system: string;
}

/** A setting, or `undefined` before it was first kept. */
export async function setting<K extends keyof Settings>(key: K): Promise<Settings[K] | undefined> {
  return (await (await database()).get('settings', key)) as Settings[K] | undefined;
}

/** Keeps a setting. */
export async function keepSetting<K extends keyof Settings>(key: K, value: Settings[K]): Promise<void> {
  await (await database()).put('settings', value, key);
}
