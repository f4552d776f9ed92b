import type { Readable } from 'node:stream';
import { withDeadline } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';

/** A peer that is gone without a word, as after a power cut, must not hold up this host for ever. */
const SILENCE_MS = 2 * 60_000;

/** Blobs that come one after another on one stream, which says nothing of where one ends. */
export class Incoming {
  readonly #chunks: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next `bytes` bytes, as they come. Throws OperationError where the stream ends before, or falls silent. */
  async *take(bytes: number): AsyncGenerator<Buffer> {
    for (let missing = bytes; missing > 0; ) {
      const chunk = this.#left.length > 0 ? this.#left : await this.#next();
      this.#left = chunk.subarray(missing);
      const taken = chunk.subarray(0, missing);
      missing -= taken.length;
      yield taken;
    }
  }

  async #next(): Promise<Buffer> {
    const next = await withDeadline(this.#chunks.next(), SILENCE_MS, 'the next piece of a layer').catch(
      cutOff,
    );
    return next.done ? cutOff() : next.value;
  }
}

function cutOff(cause?: unknown): never {
  throw new OperationError('the layers were cut off on their way; what came is kept', {
    hint: 'run the same command again: it goes on where this one stopped',
    cause,
  });
}
