import { RpcError } from '../../protocol/error-codes.ts';

export type CallKind = 'read' | 'change';

/** Calls at once, on all connections together; a flood of changes leaves room for `ping` and `list`. */
const MOST: Record<CallKind, number> = { read: 64, change: 32 };

export class CallLimits {
  readonly #running: Record<CallKind, number> = { read: 0, change: 0 };
  #closing = false;

  /** Throws `busy` where too many calls of the kind are running, or the agent is about to end. */
  async run<T>(kind: CallKind, task: () => Promise<T>): Promise<T> {
    if (kind === 'change') this.requireOpen();
    if (this.#running[kind] >= MOST[kind]) {
      throw new RpcError('busy', `more than ${MOST[kind]} calls at once; try again`);
    }
    this.#running[kind] += 1;
    try {
      return await task();
    } finally {
      this.#running[kind] -= 1;
    }
  }

  /** Throws `busy` where the agent is about to end: what is begun now would be cut off. */
  requireOpen(): void {
    if (this.#closing) throw new RpcError('busy', 'the agent is about to restart');
  }

  /** From now on changes and attaches are turned away; those under way go on. */
  close(): void {
    this.#closing = true;
  }
}
