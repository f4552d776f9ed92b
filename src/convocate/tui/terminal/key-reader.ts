import type { Key } from '../events.ts';
import { KeyDecoder } from './key-decoder.ts';
import type { StrayKeys } from './stray-keys.ts';

/** Longer than the pieces of one sequence are apart on a slow line, shorter than anyone notices. */
const ESCAPE_MS = 30;
/** Its other half may have been lost on its way and sent again; counted as keys it would restart a session. */
const ANSWER_MS = 1_000;

/** Keys of the bytes that a terminal sends; an Escape that nothing follows is told a moment later. */
export class KeyReader {
  readonly #onKey: (key: Key) => void;
  readonly #decoder = new KeyDecoder();
  readonly #stray: StrayKeys | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param stray which of the keys are not told */
  constructor(onKey: (key: Key) => void, stray?: StrayKeys) {
    this.#onKey = onKey;
    this.#stray = stray;
  }

  push(bytes: Uint8Array): void {
    clearTimeout(this.#timer);
    this.#read(this.#decoder.push(bytes));
    // A paste that takes its time: what follows it is of the same hands.
    if (this.#decoder.isInPaste) this.#stray?.drops(performance.now());
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
      if (!this.#stray?.drops(performance.now())) this.#onKey(key);
      if (this.#isClosed) return;
    }
  }
}
