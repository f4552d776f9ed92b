import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { messageOf } from '../../base/errors.ts';
import { CLAUDE_USER, containerNameOf } from '../../protocol/host-layout.ts';
import type { Docker } from '../docker/docker.ts';
import type { KnownContainers } from './known-containers.ts';
import { SESSION_SCRIPT, detachEarlierArgv } from './session-scripts.ts';

/** The agent listens only after the first sweep, so its length is part of every restart. */
const SWEEP_MS = 5_000;
/** An exec that Docker was slow to start may come so long after Docker answers again. */
const LATE_MS = 60_000;
/** One that takes no hang-up, as what a session has put in the place of a client. */
const GIVE_UP_MS = 10 * 60_000;

/** What of the agent it works with. */
interface Surroundings {
  readonly docker: Pick<Docker, 'exec'>;
  readonly containers: Pick<KnownContainers, 'factsOf'>;
  readonly log: Logger;
}

interface Lost {
  readonly sessionId: string;
  /** Undefined for all those of earlier runs of the agent. */
  readonly clientId: string | undefined;
  /** When Docker was asked to end it first, and answered. */
  answeredAtMs?: number;
  /** That it may be left was said. */
  isTold?: true;
}

/**
 * Clients in containers that no operator can have any more: what an earlier run of this agent left, and what Docker
 * could not be asked to end when its operator went. They would hold a session's size, and count as attached there.
 */
export class LostClients {
  /** In the id of each client of this run, so that the others can be told from them. */
  readonly #run = randomBytes(4).toString('hex');
  readonly #left = new Set<Lost>();
  #sweep: Promise<void> | undefined;

  newClientId(): string {
    return `${this.#run}-${randomUUID()}`;
  }

  noteEarlier(sessionId: string): void {
    this.#left.add({ sessionId, clientId: undefined });
  }

  note(sessionId: string, clientId: string): void {
    this.#left.add({ sessionId, clientId });
  }

  /** Ends what is left, as far as Docker can be asked now; the rest is for the next time. Never rejects. */
  async sweep(agent: Surroundings): Promise<void> {
    this.#sweep ??= Promise.all([...this.#left].map((lost) => this.#end(agent, lost))).then(() => {
      this.#sweep = undefined;
    });
    await this.#sweep;
  }

  async #end({ docker, containers, log }: Surroundings, lost: Lost): Promise<void> {
    const { sessionId, clientId } = lost;
    // Those of earlier runs are looked for twice: at once, and when none can come late any more.
    if (clientId === undefined && agoMs(lost.answeredAtMs) < LATE_MS) return;
    const argv =
      clientId === undefined ? detachEarlierArgv(this.#run) : [SESSION_SCRIPT.detachClient, clientId];
    try {
      let isOver = !containers.factsOf(sessionId)?.running;
      if (!isOver) {
        const command = { argv, user: CLAUDE_USER.name, timeoutMs: SWEEP_MS };
        const { exitCode } = await docker.exec(containerNameOf(sessionId), command);
        const mayBeThere = clientId !== undefined && exitCode === 0;
        isOver = agoMs((lost.answeredAtMs ??= performance.now())) >= (mayBeThere ? GIVE_UP_MS : LATE_MS);
      }
      if (isOver) this.#left.delete(lost);
    } catch (error) {
      log[lost.isTold ? 'debug' : 'info'](
        { session: sessionId },
        `a client may be left in the container: ${messageOf(error)}`,
      );
      lost.isTold = true;
    }
  }
}

function agoMs(atMs = -Infinity): number {
  return performance.now() - atMs;
}
