/** Takes any number of bytes and keeps the last `keepBytes` of them, never holding much more. */
export class TailBuffer {
  readonly #keepBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = false;

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  push(chunk: Uint8Array): void {
    // A copy: a small part of a large buffer would keep all of it in memory.
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) >= this.#keepBytes && this.#chunks.length > 1) {
      this.#size -= this.#chunks.shift()?.length ?? 0;
      this.#dropped = true;
    }
  }

  /** Bytes before those that {@link bytes} gives were thrown away. */
  get dropped(): boolean {
    return this.#dropped || this.#size > this.#keepBytes;
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - this.#keepBytes));
  }
}
