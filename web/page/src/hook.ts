/** What `?test` adds for tests: ways to bring about what only a driver does otherwise. It uses the public API alone. */
import { model } from './models/current';

Object.assign(globalThis, {
  gemmuleTest: {
    /** Loses the device of the model in use. */
    async loseDevice(): Promise<void> {
      const state = model.value;
      if (state.is === 'ready') await state.gemma.loseDevice();
    },
  },
});

export {};
