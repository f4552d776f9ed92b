const BLOCK_BYTES = 64 * 1024;

interface Block {
  readonly bytes: Buffer;
  /** How much of it is filled; what is filled never changes again. */
  used: number;
  /** Offset in the stream of its first byte. */
  readonly offset: number;
}

/**
 * The part of a stream that the other end has not acknowledged yet, so that it can be sent again from any byte of it.
 * Offsets count bytes from the beginning of the stream. How much is kept is its owner's business.
 */
export class ReplayBuffer {
  #blocks: Block[] = [];
  #start = 0;
  #end = 0;

  /** Offset of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Offset behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes kept. */
  get size(): number {
    return this.#end - this.#start;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const block = this.#blockWithRoom(bytes.length - at);
      const taken = bytes.subarray(at, at + block.bytes.length - block.used);
      block.bytes.set(taken, block.used);
      block.used += taken.length;
      this.#end += taken.length;
      at += taken.length;
    }
  }

  /** At least one and at most `maxBytes` bytes from `offset` on, as they lie together; none at the end. */
  read(offset: number, maxBytes: number): Buffer {
    this.#requireKept(offset);
    const block = this.#blocks.findLast((one) => one.offset <= offset);
    if (!block) return Buffer.alloc(0);
    const from = offset - block.offset;
    return block.bytes.subarray(from, Math.min(block.used, from + maxBytes));
  }

  /** The bytes before `offset` are needed no more; an offset before the start is old news. */
  dropBefore(offset: number): void {
    if (offset <= this.#start) return;
    this.#requireKept(offset);
    this.#start = offset;
    const first = this.#blocks.findIndex((block) => block.offset + block.used > offset);
    this.#blocks.splice(0, first === -1 ? this.#blocks.length : first);
  }

  /** Throws RangeError for an offset that is not between the start and the end. */
  #requireKept(offset: number): void {
    if (offset < this.#start || offset > this.#end)
      throw new RangeError(`offset ${offset} is not within ${this.#start} to ${this.#end}`);
  }

  #blockWithRoom(wantedBytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last && last.used < last.bytes.length) return last;
    const block = {
      bytes: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, wantedBytes)),
      used: 0,
      offset: this.#end,
    };
    this.#blocks.push(block);
    return block;
  }
}
