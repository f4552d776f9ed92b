/** A wait that ends early when somebody knows better than the clock. */
export class WakeableWait {
  #wake: (() => void) | undefined;

  async wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#wake = resolve;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  wake(): void {
    this.#wake?.();
  }
}
