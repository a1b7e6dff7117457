/** A queue between whoever makes parts and whoever takes them with `for await`. */
export class Channel<T> {
  #parts: T[] = [];
  #end: { error: unknown } | 'done' | undefined;
  #wake: (() => void) | undefined;

  /** Adds a part. */
  push(part: T): void {
    this.#parts.push(part);
    this.#wake?.();
  }

  /** No more parts come. */
  close(): void {
    this.#end ??= 'done';
    this.#wake?.();
  }

  /** No more parts come, because of this. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** The next part, once it is there; after the last one the end, or the failure. */
  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#parts.length > 0) return { done: false, value: this.#parts.shift() as T };
      if (this.#end === 'done') return { done: true, value: undefined };
      if (this.#end) {
        const { error } = this.#end;
        this.#end = 'done';
        throw error;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
