import { RpcError } from '../protocol/error-codes.ts';

export interface TurnOptions {
  /** So long the call waits for its turn; then it is refused with `busy`, and was never sent. */
  readonly waitMs: number;
  /** Aborted when nobody wants the call any more: it loses its place. One that has its turn goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What more than `most` calls at once have to do: wait, first come, first served. */
export class CallTurns {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #host: string;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(host: string, most: number, mostWaiting: number) {
    this.#host = host;
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** How many have their turn. */
  get running(): number {
    return this.#running;
  }

  /** Settles as `task`; throws `busy` where it gets no turn. */
  async run<T>(task: () => Promise<T>, options: TurnOptions): Promise<T> {
    if (this.#running < this.#most) this.#running += 1;
    else await this.#turn(options);
    try {
      return await task();
    } finally {
      this.#passOn();
    }
  }

  /** A turn goes from hand to hand: nobody who comes just now gets in between. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.#running -= 1;
  }

  async #turn({ waitMs, signal }: TurnOptions): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) throw this.#busy(`${this.#mostWaiting} more wait`);
    if (signal?.aborted) throw this.#busy('nobody waits for this one');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(this.#busy('nobody waits for this one any more'));
    const late = setTimeout(() => reject(this.#busy(`none ended within ${waitMs / 1000} s`)), waitMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const next = (): void => {
      leave();
      resolve();
    };
    const leave = (): void => {
      this.#waiting.delete(next);
      clearTimeout(late);
      signal?.removeEventListener('abort', onAbort);
    };
    this.#waiting.add(next);
    try {
      await promise;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #busy(why: string): RpcError {
    return new RpcError('busy', `${this.#most} calls to ${this.#host} are under way, and ${why}`);
  }
}
