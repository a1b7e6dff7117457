/** Lets one call after the other work with a model. */
export class Lock {
  #last: Promise<void> = Promise.resolve();

  /** Waits for all who came before; the function that it gives lets the next one in. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => (release = resolve));
    await before;
    return release;
  }

  /** Runs `work` alone. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const release = await this.take();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
