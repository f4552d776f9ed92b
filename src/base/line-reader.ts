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
  #pending: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whole lines completed by `chunk`, without their newline. Throws {@link LineTooLongError}. */
  push(chunk: Uint8Array): string[] {
    let rest: Buffer =
      this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const lines: string[] = [];
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      if (end > this.#maxBytes) throw new LineTooLongError(this.#maxBytes);
      lines.push(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > this.#maxBytes) throw new LineTooLongError(this.#maxBytes);
    this.#pending = rest;
    return lines;
  }

  /** Bytes after the last newline: whoever switches to raw mode must not lose them. */
  takeRest(): Buffer {
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    return rest;
  }
}
