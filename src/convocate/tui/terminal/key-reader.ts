import type { Key } from '../events.ts';
import { KeyDecoder } from './key-decoder.ts';

/** Longer than the pieces of one sequence are apart on a slow line, shorter than anyone notices. */
const ESCAPE_MS = 30;
/** Its other half may have been lost on its way and sent again; counted as keys it would restart a session. */
const ANSWER_MS = 1_000;

/** Keys of the bytes that a terminal sends; an Escape that nothing follows is told a moment later. */
export class KeyReader {
  readonly #onKeys: (keys: readonly Key[]) => void;
  readonly #decoder = new KeyDecoder();
  #timer: NodeJS.Timeout | undefined;

  constructor(onKeys: (keys: readonly Key[]) => void) {
    this.#onKeys = onKeys;
  }

  push(bytes: Uint8Array): void {
    clearTimeout(this.#timer);
    const keys = this.#decoder.push(bytes);
    if (this.#decoder.isWaiting) {
      const waitMs = this.#decoder.isInAnswer ? ANSWER_MS : ESCAPE_MS;
      this.#timer = setTimeout(() => this.#onKeys(this.#decoder.flush()), waitMs);
    }
    if (keys.length > 0) this.#onKeys(keys);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
