import type { StatusEventBody } from '../../protocol/status-events.ts';

/** What is to be sent next; `snapshot` stands for one that is made at that moment. */
export type Outgoing = StatusEventBody | 'snapshot';

/**
 * Events that wait for a slow shell: never more than `limit`. When more come, all are dropped for a snapshot, which
 * says everything they said.
 */
export class Outbox {
  readonly #limit: number;
  #events: StatusEventBody[] = [];
  #needsSnapshot = true;
  #onWake: () => void = () => {};

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Never blocks. */
  push(event: StatusEventBody): void {
    if (this.#events.length >= this.#limit) this.startOver();
    else this.#events.push(event);
    this.wake();
  }

  /** For a new connection: the first thing sent is a snapshot. */
  startOver(): void {
    this.#events = [];
    this.#needsSnapshot = true;
    this.wake();
  }

  take(): Outgoing | undefined {
    if (this.#needsSnapshot) {
      this.#needsSnapshot = false;
      return 'snapshot';
    }
    return this.#events.shift();
  }

  /** Ends a wait, with or without something to take. */
  wake(): void {
    this.#onWake();
  }

  /** Settles when there may be something to take, or after {@link wake}. */
  async filled(): Promise<void> {
    if (this.#needsSnapshot || this.#events.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#onWake = resolve;
    });
  }
}
