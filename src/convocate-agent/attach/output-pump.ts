import type { Readable } from 'node:stream';
import { ReplayBuffer } from '../../base/replay-buffer.ts';
import { ATTACH } from '../../protocol/attach.ts';

/** Where output goes while a client is there. */
export type SendOutput = (bytes: Buffer) => void;

/**
 * Output that goes on and on is gathered: tiny packets cost every process on the way, and what they cost is missing to
 * the session's program. At first for this time, then longer, up to what nobody can see.
 */
const GATHER_MS = 2;
const LONGEST_GATHER_MS = 8;
/**
 * So many packets may follow each other at once, and one more each `GATHER_MS`: tmux answers a key in several small
 * writes, and whoever typed it waits for the last of them.
 */
const PROMPT_PACKETS = 6;
/** What is sent at once, however little time has passed; one packet of SSH. */
const GATHER_BYTES = 32 * 1024 - 64;

/**
 * Reads a terminal no faster than its client acknowledges, and keeps what is not acknowledged. Without a client it reads
 * on until the buffer is full; then the session's terminal waits. While there is room it reads at once: tmux skips output
 * for whoever is slow to take it, and draws the screen anew.
 */
export class OutputPump {
  readonly #source: Readable;
  readonly #kept = new ReplayBuffer();
  #send: SendOutput | undefined;
  #sent = 0;
  #sentAt = 0;
  #promptPackets = PROMPT_PACKETS;
  #gathering: NodeJS.Timeout | undefined;
  #gatherMs = GATHER_MS;
  #discarding = false;

  constructor(source: Readable) {
    this.#source = source;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** Bytes kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** From here on `send` gets what follows `offset`. RangeError where that is not kept: nothing is changed then. */
  connect(offset: number, send: SendOutput): void {
    this.#kept.read(offset, 1);
    this.#kept.dropBefore(offset);
    this.#sent = offset;
    this.#send = send;
    this.#flush();
    this.#readOrWait();
  }

  /** Throws RangeError for an offset that was never kept. */
  requireKept(offset: number): void {
    this.#kept.read(offset, 1);
  }

  disconnect(): void {
    this.#send = undefined;
    this.#stopGathering();
    this.#readOrWait();
  }

  /** The client has everything before `offset`. RangeError where that was never sent. */
  acknowledge(offset: number): void {
    if (offset > this.#sent) throw new RangeError(`offset ${offset} was never sent`);
    this.#kept.dropBefore(offset);
    this.#flush();
    this.#readOrWait();
  }

  /** Reads on whatever happens, and throws away what does not fit: a terminal that cannot write could not leave. */
  discardRest(): void {
    this.#discarding = true;
    this.#source.resume();
  }

  /** Sends what is gathered. True where the client was sent everything that there is. */
  flush(): boolean {
    this.#flush();
    return this.#send !== undefined && this.#sent === this.#kept.end;
  }

  #take(chunk: Buffer): void {
    if (this.#discarding && this.#kept.size + chunk.length > ATTACH.heldBytes) return;
    this.#kept.append(chunk);
    this.#readOrWait();
    if (!this.#send || this.#gathering) {
      if (this.#kept.end - this.#sent >= GATHER_BYTES) this.#flush();
      return;
    }
    if (this.#maySendAtOnce()) this.#flush();
    else this.#gathering = setTimeout(() => this.#gathered(), this.#gatherMs);
  }

  #maySendAtOnce(): boolean {
    const idleMs = performance.now() - this.#sentAt;
    const earned = Math.floor(idleMs / this.#gatherMs);
    this.#promptPackets = Math.min(PROMPT_PACKETS, this.#promptPackets + earned);
    if (this.#promptPackets === 0) return false;
    this.#promptPackets -= 1;
    this.#gatherMs = GATHER_MS;
    return true;
  }

  #gathered(): void {
    this.#gatherMs = Math.min(2 * this.#gatherMs, LONGEST_GATHER_MS);
    this.#flush();
  }

  #flush(): void {
    this.#stopGathering();
    if (!this.#send || this.#sent === this.#kept.end) return;
    // After a long absence more is kept than may be on its way at once.
    const limit = this.#kept.start + ATTACH.windowBytes;
    while (this.#sent < Math.min(this.#kept.end, limit)) {
      const bytes = this.#kept.read(this.#sent, Math.min(GATHER_BYTES, limit - this.#sent));
      this.#sent += bytes.length;
      this.#send(bytes);
    }
    this.#sentAt = performance.now();
  }

  #readOrWait(): void {
    if (this.#discarding) return;
    const most = this.#send ? ATTACH.windowBytes : ATTACH.heldBytes;
    if (this.#kept.size >= most) this.#source.pause();
    else if (this.#source.isPaused()) this.#source.resume();
  }

  #stopGathering(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
  }
}
