/** What the dead-man sees each time it looks. */
export interface Look {
  readonly uptimeS: number;
  /** The release that the host serves, by its `current` link, is the one that waits to be confirmed. */
  readonly isActivated: boolean;
  /** systemd's ActiveState and NRestarts of the agent's unit; empty and undefined where it did not answer. */
  readonly activeState: string;
  readonly restarts: number | undefined;
  /** The shell asks for the way back. */
  readonly requested: string | undefined;
}

/** Starts that may fail before the release is given up. */
const FAILED_STARTS = 3;

/**
 * Decides when a rollout is taken back: on request, when its time is up, or when the new release has failed to stay up
 * three times. Remembers the count of restarts, which systemd sets to zero with every restart by hand, and whether the
 * unit was seen in any state but `failed` since the switch.
 */
export class ReasonToReturn {
  readonly #deadlineS: number;
  readonly #windowS: number;
  #lastRestarts: number | undefined;
  #failedStarts = 0;
  #wasTried = false;

  constructor(armed: { readonly deadline_s: number; readonly window_s: number }) {
    this.#deadlineS = armed.deadline_s;
    this.#windowS = armed.window_s;
  }

  /** The reason, in words for an operator, or undefined: go on waiting. */
  find(look: Look): string | undefined {
    this.#count(look);
    this.#noteTry(look);
    if (look.requested !== undefined) return look.requested;
    if (this.#failedStarts >= FAILED_STARTS) return `the agent failed to stay up ${FAILED_STARTS} times`;
    if (this.#wasTried && look.activeState === 'failed') return 'systemd gave up starting the agent';
    if (look.uptimeS >= this.#deadlineS) return `nobody confirmed it within ${this.#windowS} s`;
    return undefined;
  }

  #count({ isActivated, restarts }: Look): void {
    if (restarts === undefined) return; // taken for none, the next look would count all there were as new
    const last = this.#lastRestarts;
    this.#lastRestarts = restarts;
    if (!isActivated || last === undefined) return;
    this.#failedStarts += restarts >= last ? restarts - last : restarts;
  }
  /** A unit that had failed under the release before is still `failed` right after the switch, until it is restarted. */
  #noteTry({ isActivated, activeState }: Look): void {
    if (!isActivated) this.#wasTried = false;
    else if (activeState !== 'failed' && activeState !== '') this.#wasTried = true; // '': systemd did not answer
  }
}
