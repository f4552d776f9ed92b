interface Size {
  readonly cols: number;
  readonly rows: number;
}

const MAX = 1000;

/**
 * Passes sizes on to a terminal, one at a time and in order; of those that come meanwhile only the last counts. A
 * size of zero is what a client without a terminal sends, and is passed over.
 */
export class SizeFollower {
  readonly #apply: (cols: number, rows: number) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #wanted: Size | undefined;
  #busy = false;

  constructor(apply: (cols: number, rows: number) => Promise<void>, onError: (error: unknown) => void) {
    this.#apply = apply;
    this.#onError = onError;
  }

  resize(cols: number, rows: number): void {
    if (cols < 1 || rows < 1) return;
    this.#wanted = { cols: Math.min(cols, MAX), rows: Math.min(rows, MAX) };
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      for (let size = this.#wanted; size; size = this.#wanted) {
        this.#wanted = undefined;
        await this.#apply(size.cols, size.rows);
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#busy = false;
    }
  }
}
