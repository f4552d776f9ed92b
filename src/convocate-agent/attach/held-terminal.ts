import type { Duplex } from 'node:stream';
import { ATTACH, type TerminalEnd } from '../../protocol/attach.ts';
import { type Frame, FrameError } from '../../protocol/attach-frames.ts';
import { FrameChannel } from '../../ssh/frame-channel.ts';
import { KeyIntake } from './key-intake.ts';
import { OutputPump } from './output-pump.ts';

/** tmux tells in its last line why it leaves. */
const LAST_WORDS_BYTES = 256;

export interface HeldTerminalOptions {
  /** The terminal of this client in the container. */
  readonly stream: Duplex;
  readonly resize: (cols: number, rows: number) => void;
  readonly onKeys: () => void;
  /** The channel is gone, and why; the terminal is held from now on. */
  readonly onLost: (why: string) => void;
  readonly holdMs?: number;
}

/**
 * One terminal that outlives its channel: a client that comes back with the number of bytes it has got goes on exactly
 * there, and its keys go on exactly behind those that were taken.
 */
export class HeldTerminal {
  /** Settles when nobody wants it any more: its client left, or did not come back in time. */
  readonly abandoned: Promise<void>;
  /** Settles when there is nothing left to tell anybody: it may be forgotten. */
  readonly over: Promise<void>;
  readonly #options: HeldTerminalOptions;
  readonly #output: OutputPump;
  readonly #keys: KeyIntake;
  readonly #abandon: () => void;
  readonly #finish: () => void;
  #link: FrameChannel | undefined;
  #hold: NodeJS.Timeout | undefined;
  #end: TerminalEnd | undefined;
  #endSent = false;
  #lastWords = Buffer.alloc(0);

  constructor(options: HeldTerminalOptions) {
    this.#options = options;
    this.#output = new OutputPump(options.stream);
    this.#keys = new KeyIntake(options.stream, (offset, eagerly) => {
      if (eagerly) this.#link?.send({ type: 'ack', offset });
      else this.#link?.sendLazily({ type: 'ack', offset });
    });
    ({ promise: this.abandoned, resolve: this.#abandon } = Promise.withResolvers<void>());
    ({ promise: this.over, resolve: this.#finish } = Promise.withResolvers<void>());
    options.stream.on('data', (chunk: Buffer) => {
      this.#keys.open();
      this.#lastWords = Buffer.concat([this.#lastWords, chunk.subarray(-LAST_WORDS_BYTES)]).subarray(
        -LAST_WORDS_BYTES,
      );
    });
  }

  /** The end of what the terminal said. */
  get lastWords(): string {
    return this.#lastWords.toString('latin1');
  }

  /**
   * Goes on with the client on `channel`, which has `received` bytes of output; one that is still connected is put out.
   * RangeError, with nothing changed, where the output from there on is not kept.
   */
  connect(channel: Duplex, received: number): void {
    this.#output.requireKept(received);
    this.#output.disconnect();
    this.#link?.close();
    clearTimeout(this.#hold);
    const link = new FrameChannel(channel, {
      onFrame: (frame) => this.#take(frame),
      onGone: (why) => this.#lose(link, why),
    });
    this.#link = link;
    link.send({ type: 'hello', keys: this.#keys.taken, output: received });
    this.#output.connect(received, (bytes) => link.send({ type: 'data', bytes }));
    this.#endSent = false;
    this.#tellEnd();
    if (this.#end) this.#startHold();
  }

  /** From now on keys are left to the client's next terminal: this one is about to be taken away. */
  closeKeys(): void {
    this.#keys.close();
  }

  /** So that the process in the container can leave, whoever reads or does not. */
  discardRest(): void {
    this.#output.discardRest();
  }

  /** The terminal is no more: tells the client why, now or when it comes back. */
  end(end: TerminalEnd): void {
    this.#end = end;
    this.#tellEnd();
    this.#startHold();
  }

  /** There is no client, and none is waited for. */
  close(): void {
    clearTimeout(this.#hold);
    this.#output.disconnect();
    this.#link?.close();
    this.#link = undefined;
    this.#finish();
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'data':
        this.#keys.take(frame.bytes);
        this.#options.onKeys();
        break;
      case 'ack':
        this.#output.acknowledge(frame.offset);
        this.#tellEnd();
        break;
      case 'resize':
        this.#options.resize(frame.cols, frame.rows);
        break;
      case 'end':
        this.#leave();
        break;
      case 'ping':
        break;
      case 'hello':
        throw new FrameError('a hello is for the agent to say');
    }
  }

  #leave(): void {
    this.#output.disconnect();
    this.#link?.close();
    this.#link = undefined;
    this.#abandon();
    if (this.#end) this.close();
  }

  #lose(link: FrameChannel, why: string): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#output.disconnect();
    this.#startHold();
    this.#options.onLost(why);
  }

  #startHold(): void {
    clearTimeout(this.#hold);
    this.#hold = setTimeout(() => {
      this.#abandon();
      if (this.#end) this.close();
    }, this.#options.holdMs ?? ATTACH.holdMs);
    this.#hold.unref(); // an agent that stops does not wait for it
  }

  /** Told once on every channel, behind all output; the client answers that it leaves. */
  #tellEnd(): void {
    if (!this.#end || this.#endSent || !this.#link || !this.#output.flush()) return;
    this.#endSent = true;
    this.#link.send({ type: 'end', end: this.#end });
  }
}
