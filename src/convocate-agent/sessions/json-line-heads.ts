const NEWLINE = 0x0a;

/**
 * Splits bytes into lines of JSON, and gives of each so much that it can be parsed at once: of one longer than
 * `mostBytes` its head, closed where it was cut off. Most of a line that long is one string in it, and what is looked
 * for comes before that.
 */
export class JsonLineHeads {
  readonly #mostBytes: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #isCut = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Of the lines that `chunk` completes. */
  push(chunk: Uint8Array): string[] {
    const heads: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end));
      heads.push(this.#take());
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return heads;
  }

  /** Copies, since callers use their buffers again. */
  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#mostBytes - this.#keptBytes);
    this.#isCut ||= kept.length < bytes.length;
    this.#keptBytes += kept.length;
    if (kept.length > 0) this.#kept.push(Buffer.from(kept));
  }

  #take(): string {
    const text = Buffer.concat(this.#kept).toString('utf8');
    const head = this.#isCut ? closed(text) : text;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#isCut = false;
    return head;
  }
}

/** With the ends of what was open: the string that it was cut off in, objects and arrays. */
function closed(head: string): string {
  const ends: string[] = [];
  let inString = false;
  for (let at = 0; at < head.length; at += 1) {
    const character = head[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') ends.push('}');
    else if (character === '[') ends.push(']');
    else if (character === '}' || character === ']') ends.pop();
  }
  // An escape that was cut off would take the quote for its own.
  const whole = inString ? `${withoutHalfEscape(head)}"` : head;
  return whole + ends.toReversed().join('');
}

function withoutHalfEscape(head: string): string {
  const tail = /(\\*)(u[0-9a-fA-F]{0,3})?$/.exec(head);
  const isOpen = (tail?.[1]?.length ?? 0) % 2 === 1;
  return tail && isOpen ? head.slice(0, tail.index + tail[0].length - (tail[2]?.length ?? 0) - 1) : head;
}
