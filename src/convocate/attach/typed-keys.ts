import { ReplayBuffer } from '../../base/replay-buffer.ts';
import { ATTACH } from '../../protocol/attach.ts';

export type SendKeys = (keys: Buffer) => void;

/** While nobody takes keys, so many more are kept that a way to leave is still read behind a large paste. */
const WITHOUT_AGENT_BYTES = 1024 * 1024;

/** What was typed, until the agent says that it has it: sent in order, and again behind what it has after a loss. */
export class TypedKeys {
  #kept = new ReplayBuffer();
  #sent = 0;
  #send: SendKeys | undefined;

  /** No more should be read from the terminal: the kernel keeps the rest. */
  get full(): boolean {
    return this.#kept.size >= (this.#send ? ATTACH.keysBytes : WITHOUT_AGENT_BYTES);
  }

  /** Bytes that the agent has not said it has. */
  get waiting(): number {
    return this.#kept.size;
  }

  add(keys: Uint8Array): void {
    this.#kept.append(keys);
    this.#flush();
  }

  /** From here on `send` gets what follows the first `taken` bytes. RangeError where that cannot be. */
  connect(taken: number, send: SendKeys): void {
    this.#kept.dropBefore(taken);
    this.#kept.read(taken, 1);
    this.#sent = taken;
    this.#send = send;
    this.#flush();
  }

  disconnect(): void {
    this.#send = undefined;
  }

  /** RangeError for an offset that was never sent. */
  acknowledge(offset: number): void {
    if (offset > this.#sent) throw new RangeError(`offset ${offset} of the keys was never sent`);
    this.#kept.dropBefore(offset);
    this.#flush();
  }

  /** For a new terminal, which counts from its own beginning: what was not acknowledged is sent to it. */
  restart(): void {
    const before = this.#kept;
    this.#kept = new ReplayBuffer();
    for (let at = before.start; at < before.end; ) {
      const keys = before.read(at, ATTACH.frameBytes);
      this.#kept.append(keys);
      at += keys.length;
    }
    this.#sent = 0;
  }

  /** No more than the agent has room for: the rest follows its acknowledgements. */
  #flush(): void {
    for (;;) {
      const room = this.#kept.start + ATTACH.keysBytes - this.#sent;
      if (!this.#send || room <= 0 || this.#sent === this.#kept.end) return;
      const keys = this.#kept.read(this.#sent, Math.min(room, ATTACH.frameBytes));
      this.#sent += keys.length;
      this.#send(keys);
    }
  }
}
