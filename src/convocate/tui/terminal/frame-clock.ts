/** So often at most for what nobody waits for: 30 frames a second. */
const NEWS_MS = 33;

/**
 * Says when to draw. What a key changed is drawn at once, and several keys of one packet together; news of the cluster may
 * come by the hundred, and wait for each other a little.
 */
export class FrameClock {
  readonly #draw: () => void;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  atOnce(): void {
    this.#immediate ??= setImmediate(() => this.#run());
  }

  soon(): void {
    if (this.#immediate === undefined) this.#timer ??= setTimeout(() => this.#run(), NEWS_MS);
  }

  close(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
  }

  #run(): void {
    this.close();
    this.#draw();
  }
}
