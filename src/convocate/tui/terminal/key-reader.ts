import type { Key } from '../events.ts';
import { KeyDecoder } from './key-decoder.ts';

/** Longer than the pieces of one sequence are apart on a slow line, shorter than anyone notices. */
const ESCAPE_MS = 30;
/** Its other half may have been lost on its way and sent again; counted as keys it would restart a session. */
const ANSWER_MS = 1_000;

/** Keys of the bytes that a terminal sends; an Escape that nothing follows is told a moment later. */
export class KeyReader {
  readonly #onKey: (key: Key) => void;
  readonly #decoder = new KeyDecoder();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(onKey: (key: Key) => void) {
    this.#onKey = onKey;
  }

  push(bytes: Uint8Array): void {
    clearTimeout(this.#timer);
    this.#read(this.#decoder.push(bytes));
    if (this.#isClosed || !this.#decoder.isWaiting) return;
    const waitMs = this.#decoder.isInAnswer ? ANSWER_MS : ESCAPE_MS;
    this.#timer = setTimeout(() => this.#read(this.#decoder.flush()), waitMs);
  }

  /** Tells no key more, not even of what has come already; gives what came behind the last one, as it came. */
  close(): Uint8Array {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    return this.#decoder.rest;
  }

  #read(keys: Iterable<Key>): void {
    for (const key of keys) {
      this.#onKey(key);
      if (this.#isClosed) return;
    }
  }
}
