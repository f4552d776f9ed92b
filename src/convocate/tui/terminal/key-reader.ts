import type { Key } from '../events.ts';
import { KeyDecoder } from './key-decoder.ts';

/** Longer than the pieces of one sequence are apart on a slow line, shorter than anyone notices. */
const ESCAPE_MS = 30;

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
      this.#timer = setTimeout(() => this.#onKeys(this.#decoder.flush()), ESCAPE_MS);
    }
    if (keys.length > 0) this.#onKeys(keys);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
