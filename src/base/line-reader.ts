/**
 * Splits bytes into lines of at most `maxBytes`, without ever holding more than that. Needed on every channel a
 * stranger may write to: a line without an end must not become memory without an end.
 */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
  constructor(maxBytes: number) {
    super(`a line is longer than ${maxBytes} bytes`);
  }
}

export class LineReader {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whole lines completed by `chunk`, without their newline. Throws {@link LineTooLongError}. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, end));
      lines.push(this.takeRest().toString('utf8'));
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** Bytes after the last newline: whoever switches to raw mode must not lose them. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return rest;
  }

  /** Copies, since callers use their buffers again; each byte once, however few come at a time. */
  #keep(bytes: Uint8Array): void {
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#maxBytes) throw new LineTooLongError(this.#maxBytes);
    if (bytes.length > 0) this.#pending.push(Buffer.from(bytes));
  }
}
