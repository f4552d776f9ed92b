import type { Screen } from '../../protocol/rpc.ts';
import { messageOf } from '../../base/errors.ts';
import type { TuiEvent } from './events.ts';
import { keyOf } from './state.ts';
import type { Target } from './target.ts';

export interface PreviewOptions {
  /** Asks the agent for the session's screen. */
  readonly ask: (target: Target) => Promise<Screen>;
  readonly tell: (event: TuiEvent) => void;
}

/** Nobody reads what the cursor only passes over. */
const REST_MS = 150;
const EVERY_MS = 1_000;
/** Of questions to one agent that are on their way; one that hangs would get another for each row that is passed. */
const MOST_ASKED = 2;

/**
 * Brings the screen of one session again and again, with one question about it at a time on its way. What is asked of
 * another one meanwhile does not wait for it: its agent may hang. Of that agent's it then waits, until an answer comes.
 */
export class PreviewSource {
  readonly #options: PreviewOptions;
  #target: Target | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The question that is on its way, if it is about the target of now. */
  #asking: object | undefined;
  /** By agent id, how many questions are on their way, about whatever session. */
  readonly #underWay = new Map<string, number>();

  constructor(options: PreviewOptions) {
    this.#options = options;
  }

  /** From now on this session's; undefined: none. */
  show(target: Target | undefined): void {
    this.#target = target;
    this.#asking = undefined;
    this.#askIn(REST_MS);
  }

  close(): void {
    this.show(undefined);
  }

  #askIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // With a question on its way, its end sets the next time.
    if (!this.#target || this.#asking) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, delayMs);
  }

  async #ask(): Promise<void> {
    const target = this.#target;
    if (!target || this.#askedOf(target) >= MOST_ASKED) return; // the end of one of these asks again
    const question = {};
    this.#asking = question;
    this.#count(target, 1);
    const answer = await this.#options.ask(target).then(
      (screen) => ({ screen }),
      (error: unknown) => ({ problem: messageOf(error) }),
    );
    this.#count(target, -1);
    if (this.#asking !== question) {
      // The cursor is elsewhere, perhaps where there was no room for a question until now.
      if (this.#target?.agentId === target.agentId && !this.#timer) this.#askIn(0);
      return;
    }
    this.#asking = undefined;
    const key = keyOf({ agent_id: target.agentId, uuid: target.uuid });
    this.#options.tell({ kind: 'screen', key, ...answer });
    this.#askIn(EVERY_MS);
  }

  #askedOf({ agentId }: Target): number {
    return this.#underWay.get(agentId) ?? 0;
  }

  #count(target: Target, change: 1 | -1): void {
    this.#underWay.set(target.agentId, this.#askedOf(target) + change);
  }
}
