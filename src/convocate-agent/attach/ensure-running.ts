import { RpcError } from '../../protocol/error-codes.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import type { CallLimits } from '../rpc/call-limits.ts';
import type { Agent } from '../sessions/agent.ts';
import { requireAllowed } from '../sessions/change.ts';
import { findEntry } from '../sessions/describe-session.ts';
import { restartSession } from '../sessions/operations/restart.ts';
import { lookAndTell } from '../sessions/watch-containers.ts';

/**
 * Sees to it that a session runs before someone is attached. Those who come while it is being started for another
 * attach wait for the same start. Throws as `restart` does, and `conflict` where the session is locked or damaged, or does
 * not run and `mayStart` is false, and `busy` where it would have to be started by an agent that is about to end.
 */
export class SessionStarter {
  readonly #agent: Agent;
  readonly #limits: CallLimits;
  readonly #starts = new Map<string, Promise<null>>();

  constructor(agent: Agent, limits: CallLimits) {
    this.#agent = agent;
    this.#limits = limits;
  }

  async ensureRunning(id: string, mayStart: boolean): Promise<void> {
    const entry = await findEntry(this.#agent, id);
    await requireAllowed(this.#agent, entry, 'attach', await this.#agent.locks.stale(id));
    const { facts } = await lookAndTell(this.#agent, id);
    if (facts?.running) return;
    if (!mayStart) throw new RpcError('conflict', `the session ${describeRun(facts)}`);
    await (this.#starts.get(id) ?? this.#start(id));
  }

  #start(id: string): Promise<null> {
    this.#limits.requireOpen();
    const start = restartSession(this.#agent, id).finally(() => this.#starts.delete(id));
    this.#starts.set(id, start);
    return start;
  }
}

function describeRun(facts: ContainerFacts | undefined): string {
  if (facts?.exitCode === undefined) return 'does not run';
  return `has ended with exit code ${facts.exitCode}${facts.oomKilled ? ', out of memory' : ''}`;
}
