import type { Duplex } from 'node:stream';
import { messageOf } from '../base/errors.ts';
import { ATTACH } from '../protocol/attach.ts';
import { type Frame, FrameParser, encodeFrame } from '../protocol/attach-frames.ts';

export interface FrameHandlers {
  /** May throw: a frame that makes no sense ends the channel as a damaged one does. */
  onFrame(frame: Frame): void;
  /** The other side is gone, or of no use any more; called once, and not after {@link FrameChannel.close}. */
  onGone(why: string): void;
}

export interface FrameTiming {
  readonly pingMs: number;
  readonly silenceMs: number;
}

/** Looks this often whether something must be sent, or should have come. */
const LOOKS_IN_SILENCE = 12;
/** A frame that nobody waits for rides with the next one; alone it goes after this long. */
const LAZY_MS = 250;
/** After its last frame a stream may take this long to end. */
const FAREWELL_MS = 5_000;

/**
 * Frames over a stream, in both directions. Pings where nothing else is sent, and takes the other side for lost when
 * it hears nothing: a keepalive below would not see a program that hangs, or one in the middle.
 */
export class FrameChannel {
  readonly #stream: Duplex;
  readonly #handlers: FrameHandlers;
  readonly #timing: FrameTiming;
  readonly #parser = new FrameParser();
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #sentAt = performance.now();
  #lookedAt = performance.now();
  #over = false;
  #lazy: Buffer | undefined;
  #lazyTimer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, handlers: FrameHandlers, timing: FrameTiming = ATTACH) {
    this.#stream = stream;
    this.#handlers = handlers;
    this.#timing = timing;
    this.#timer = setInterval(() => this.#look(), timing.silenceMs / LOOKS_IN_SILENCE);
    stream.on('data', this.#onData);
    stream.on('error', this.#onError);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
    stream.resume();
  }

  /** Nothing is sent any more once the channel is over. */
  send(frame: Frame): void {
    if (this.#over) return;
    const bytes = encodeFrame(frame);
    const before = this.#lazy;
    this.#forgetLazy();
    this.#sentAt = performance.now();
    this.#stream.write(before ? Buffer.concat([before, bytes]) : bytes);
  }

  /**
   * As {@link send}, together with the next frame or a little later; a newer one of these takes its place. A packet of
   * its own would cost every program on the way, just when they carry the next key.
   */
  sendLazily(frame: Frame): void {
    if (this.#over) return;
    this.#lazy = encodeFrame(frame);
    this.#lazyTimer ??= setTimeout(() => {
      const bytes = this.#lazy;
      this.#forgetLazy();
      this.#sentAt = performance.now();
      if (bytes) this.#stream.write(bytes);
    }, LAZY_MS);
  }

  /** Ends our side after what was sent, and cuts the stream where the other side does not follow. */
  close(): void {
    if (!this.#stop()) return;
    this.#stream.resume(); // or its end would never be seen
    this.#stream.end();
    const late = setTimeout(() => this.#stream.destroy(), FAREWELL_MS);
    this.#stream.once('close', () => clearTimeout(late));
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#heardAt = performance.now();
    try {
      this.#parser.push(chunk, (frame) => {
        if (!this.#over) this.#handlers.onFrame(frame);
      });
    } catch (error) {
      this.#lose(messageOf(error));
    }
  };

  readonly #onError = (error: Error): void => this.#lose(error.message);
  readonly #onEnd = (): void => this.#lose('the connection was closed');

  #look(): void {
    const now = performance.now();
    const { pingMs, silenceMs } = this.#timing;
    // Where this process itself did not run for a while, what came meanwhile has not been read yet.
    if (now - this.#lookedAt > silenceMs / 2) this.#heardAt = now;
    this.#lookedAt = now;
    if (now - this.#heardAt >= silenceMs) this.#lose(`nothing was heard for ${silenceMs / 1000} s`);
    else if (now - this.#sentAt >= pingMs) this.send({ type: 'ping' });
  }

  #lose(why: string): void {
    if (!this.#stop()) return;
    this.#stream.resume();
    this.#stream.destroy();
    this.#handlers.onGone(why);
  }

  #forgetLazy(): void {
    clearTimeout(this.#lazyTimer);
    this.#lazyTimer = undefined;
    this.#lazy = undefined;
  }

  /** False where it was over already. */
  #stop(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearInterval(this.#timer);
    this.#forgetLazy();
    this.#stream.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
    // The listener for errors stays: a stream that is left behind may still fail.
    return true;
  }
}
