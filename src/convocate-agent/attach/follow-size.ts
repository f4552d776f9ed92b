interface Size {
  readonly cols: number;
  readonly rows: number;
}

const MAX = 1000;
/**
 * After an update all terminals of a host come back at once, and a busy Docker may take long to have the process up that the
 * first size is for. One try is half a second of tries by itself.
 */
const FIRST_TRIES = 20;

/**
 * Passes sizes on to a terminal, one at a time and in order; of those that come meanwhile only the last counts. A
 * size of zero is what a client without a terminal sends, and is passed over. One that cannot be set is told to `onError`,
 * and the next is set all the same; the first is tried again and again before that.
 */
export class SizeFollower {
  readonly #apply: (cols: number, rows: number) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #wanted: Size | undefined;
  #busy = false;
  #triesLeft = FIRST_TRIES - 1;

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
    for (let size = this.#wanted; size; size = this.#wanted) {
      this.#wanted = undefined;
      try {
        await this.#apply(size.cols, size.rows);
        this.#triesLeft = 0;
      } catch (error) {
        this.#failed(size, error);
      }
    }
    this.#busy = false;
  }

  #failed(size: Size, error: unknown): void {
    if (this.#triesLeft === 0) this.#onError(error);
    else this.#wanted ??= size;
    this.#triesLeft = Math.max(0, this.#triesLeft - 1);
  }
}
