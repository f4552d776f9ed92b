import type { Duplex } from 'node:stream';
import { type Frame, FrameError, encodeFrame } from '../../protocol/attach-frames.ts';
import { FrameChannel } from '../../ssh/frame-channel.ts';
import {
  type Ask,
  type AttachEvent,
  type AttachState,
  type Effect,
  type Ending,
  step,
} from './attach-state.ts';
import { type DialFailure, failureOf } from './dial-failure.ts';
import { LeaveKeys } from './leave-keys.ts';
import { LostScreen, type ScreenOfSession } from './lost-screen.ts';
import type { Size } from '../own-device.ts';
import { ShownOutput } from './shown-output.ts';
import { TypedKeys } from './typed-keys.ts';

/** What a new stream of frames is asked for with. */
export interface DialRequest {
  /** Bytes of output that are here, of the terminal that is to go on; absent for a new one. */
  readonly received?: number;
  readonly size: Size;
}

export interface KeptTerminal extends ScreenOfSession {
  /** The operator's terminal, raw already. */
  readonly screen: Duplex;
  /** A stream on which the agent's frames come; rejects with what an operator may be told. */
  readonly dial: (request: DialRequest, signal: AbortSignal) => Promise<Duplex>;
}

const SECOND_MS = 1_000;
/** A dial under way when all is over has so long to come through: what it opens would be held for nobody. */
const DIAL_ON_MS = 1_000;

/** Carries one attach over as many connections as it takes; `attach-state.ts` decides, this does. */
export class KeepAttached {
  /** Settles when it is over, with how that came. */
  readonly ending: Promise<Ending>;
  readonly #kept: KeptTerminal;
  readonly #keys = new TypedKeys();
  readonly #leaveKeys = new LeaveKeys();
  #leaveBytes = 0;
  readonly #output: ShownOutput;
  readonly #lost: LostScreen;
  readonly #finish: (ending: Ending) => void;
  #state: AttachState = { phase: 'connected' };
  #link: FrameChannel | undefined;
  #seconds: NodeJS.Timeout | undefined;
  #nextDial: NodeJS.Timeout | undefined;
  /** Of the dial under way; what came of an earlier one is not ended by it. */
  #dialing = new AbortController();
  /** The old terminal's output has been given up: it cannot go on. */
  #isNew = false;

  constructor(kept: KeptTerminal, first: Duplex) {
    this.#kept = kept;
    this.#lost = new LostScreen(kept);
    this.#output = new ShownOutput(kept.screen, kept.modes, (offset, eagerly) => {
      if (this.#state.phase !== 'connected') return; // the count is told with the next question
      if (eagerly) this.#link?.send({ type: 'ack', offset });
      else this.#link?.sendLazily({ type: 'ack', offset });
    });
    ({ promise: this.ending, resolve: this.#finish } = Promise.withResolvers<Ending>());
    kept.screen.on('data', this.#onKeys);
    kept.screen.on('close', this.#onHangup);
    kept.screen.on('end', this.#onHangup);
    this.#use(first);
  }

  /** Bytes of keys that the session may never have got; those that were meant for us do not count. */
  get unsentKeys(): number {
    return this.#keys.waiting - this.#leaveBytes;
  }

  /** Whether Ctrl-B D came last, which leaves a session whose connection is well. */
  get pressedDetach(): boolean {
    return this.#leaveKeys.endedWithDetach;
  }

  resized(): void {
    const size = this.#kept.size();
    if (this.#state.phase === 'connected') this.#link?.send({ type: 'resize', ...size });
    else this.#apply({ what: 'second', atMs: performance.now() });
  }

  signal(signal: NodeJS.Signals): void {
    this.#apply({ what: 'signal', signal });
  }

  readonly #onHangup = (): void => this.signal('SIGHUP');

  readonly #onKeys = (keys: Buffer): void => {
    this.#keys.add(keys);
    if (this.#keys.full) this.#kept.screen.pause();
    const wish = this.#leaveKeys.typed(keys);
    if (wish === 0 || this.#state.phase !== 'lost') return;
    this.#leaveBytes = wish;
    this.#apply({ what: 'leave' });
  };

  #apply(event: AttachEvent): void {
    const { state, effects } = step(this.#state, event);
    const before = this.#state.phase;
    this.#state = state;
    if (before === 'connected' && state.phase === 'lost') this.#onLost();
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'show-notice':
        this.#lost.notice(effect.lostForMs);
        break;
      case 'dial':
        this.#nextDial = setTimeout(() => void this.#dial(effect.ask), effect.afterMs);
        break;
      case 'finish':
        this.#stop();
        this.#finish(effect.ending);
        break;
    }
  }

  #onLost(): void {
    this.#link?.close();
    this.#link = undefined;
    this.#keys.disconnect();
    this.#leaveKeys.forgetInterrupts();
    this.#lost.begin();
    this.#readKeysAgain();
    this.#seconds = setInterval(() => this.#apply({ what: 'second', atMs: performance.now() }), SECOND_MS);
  }

  async #dial(ask: Ask): Promise<void> {
    if (ask === 'open') {
      this.#keys.restart();
      this.#output.restart();
      this.#isNew = true;
    }
    const size = this.#kept.size();
    try {
      if (ask === 'resume') this.#output.requireRoom();
      const request = ask === 'open' ? { size } : { size, received: this.#output.received };
      this.#dialing = new AbortController();
      const stream = await this.#kept.dial(request, this.#dialing.signal);
      this.#dialing = new AbortController();
      if (this.#state.phase === 'lost') this.#use(stream);
      else stream.resume().end(encodeFrame({ type: 'end', end: { reason: 'left' } })); // it came too late
    } catch (error) {
      this.#failed(failureOf(error));
    }
  }

  #failed({ failure, problem }: DialFailure): void {
    this.#apply({ what: 'failed', failure, problem, atMs: performance.now() });
  }

  /** Waits for the agent's hello on a new stream; output and keys follow it. */
  #use(stream: Duplex): void {
    let greeted = false;
    const link = new FrameChannel(stream, {
      onFrame: (frame) => {
        if (greeted) this.#take(frame);
        else if (frame.type === 'hello') {
          greeted = true;
          this.#connect(link, frame);
        } else throw new FrameError(`the agent said ${frame.type} before hello`);
      },
      onGone: (why) => {
        if (this.#link !== link) return;
        if (this.#state.phase === 'connected') this.#apply({ what: 'lost', why, atMs: performance.now() });
        else this.#failed({ failure: 'again', problem: why });
      },
    });
    this.#link = link;
  }

  #connect(link: FrameChannel, hello: Extract<Frame, { type: 'hello' }>): void {
    if (hello.output !== this.#output.received)
      throw new FrameError(`the agent goes on at byte ${hello.output} instead of ${this.#output.received}`);
    this.#keys.connect(hello.keys, (bytes) => link.send({ type: 'data', bytes }));
    if (this.#state.phase === 'lost') {
      if (this.#isNew) this.#lost.startAnew();
      else this.#lost.goOn();
      this.#isNew = false;
    }
    clearInterval(this.#seconds);
    link.send({ type: 'resize', ...this.#kept.size() }); // it may have changed since it was asked for
    this.#readKeysAgain();
    this.#apply({ what: 'answered' });
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'data':
        this.#output.show(frame.bytes);
        break;
      case 'ack':
        this.#keys.acknowledge(frame.offset);
        this.#readKeysAgain();
        break;
      case 'end':
        this.#link?.send({ type: 'end', end: { reason: 'left' } }); // heard: it need not be kept for us
        this.#apply({ what: 'ended', end: frame.end, atMs: performance.now() });
        break;
      case 'ping':
        break;
      case 'hello':
      case 'resize':
        throw new FrameError(`a ${frame.type} is not for the agent to say now`);
    }
  }

  #readKeysAgain(): void {
    if (!this.#keys.full && this.#kept.screen.isPaused()) this.#kept.screen.resume();
  }

  #stop(): void {
    clearTimeout(this.#nextDial);
    clearInterval(this.#seconds);
    const dialing = this.#dialing; // it is told that we left, as soon as it is there
    setTimeout(() => dialing.abort(), DIAL_ON_MS).unref();
    const { screen } = this.#kept;
    screen.off('data', this.#onKeys).off('close', this.#onHangup).off('end', this.#onHangup);
    screen.pause();
    // Said on every way out: an agent that hears it does not hold the terminal for us.
    this.#link?.send({ type: 'end', end: { reason: 'left' } });
    this.#link?.close();
    this.#link = undefined;
  }
}
