const HEADER_BYTES = 8;
const LENGTH_AT = 4;

/**
 * Takes apart the stream in which Docker sends both outputs of a process that has no terminal: before each piece stand
 * eight bytes, its output and its length. Pieces are passed on as they come, so that none has to be held whole.
 */
export class Demultiplexer {
  #header = Buffer.alloc(0);
  #left = 0;

  /** What of the two outputs is in `chunk`, in the order it was written. */
  push(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#left > 0) {
        const piece = rest.subarray(0, this.#left);
        pieces.push(piece);
        this.#left -= piece.length;
        rest = rest.subarray(piece.length);
        continue;
      }
      const missing = HEADER_BYTES - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length < HEADER_BYTES) break;
      this.#left = this.#header.readUInt32BE(LENGTH_AT);
      this.#header = Buffer.alloc(0);
    }
    return pieces;
  }
}
