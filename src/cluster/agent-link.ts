import type * as z from 'zod/mini';
import { backoffMs } from '../base/backoff.ts';
import { messageOf } from '../base/errors.ts';
import { WakeableWait } from '../base/wakeable-wait.ts';
import type { Ping } from '../protocol/rpc.ts';
import type { Session } from '../protocol/session.ts';
import { PROTOCOL_RANGE } from '../protocol/version.ts';
import type { AgentClient } from './agent-client.ts';
import { clipWords } from './agent-words.ts';
import { Coalesced } from './coalesced.ts';
import type { AgentRecord } from './registry.ts';

export interface LinkEvents {
  /** The agent answers; called again at every ping, for its version and image may have changed. */
  onUp(ping: z.infer<typeof Ping>): void;
  onDown(problem: string): void;
  /** Whether its events come. Where they do not, each ping is followed by a list. */
  hasEvents(): boolean;
  /** Called just before a list is asked for; what it gives comes back with the list. */
  onAsk(): number;
  onList(sessions: readonly Session[], askedAt: number): void;
}

/** How often the agent is asked whether it still answers, which the transport's keepalive does not tell. */
export interface LinkPace {
  readonly pingMs: number;
  /** A ping without an answer for so long says that the agent is down, though the answer is still waited for. */
  readonly overdueMs: number;
  /** How often it is asked for its whole list, in case something was missed without anyone noticing. */
  readonly listMs: number;
}

/** One that stops answering just after a ping is told as down after both together, 9 s. */
const PACE: LinkPace = { pingMs: 5_000, overdueMs: 4_000, listMs: 30_000 };

/** Agents that went down together are not to be dialled in step: chance takes up to half off. */
function backoffByChance(attempt: number): number {
  return backoffMs(attempt, Math.random() / 2);
}

export interface LinkOptions {
  readonly record: AgentRecord;
  readonly connect: (record: AgentRecord) => Promise<AgentClient>;
  readonly events: LinkEvents;
  /** Milliseconds before attempt n after a failure. */
  readonly backoff?: (attempt: number) => number;
  readonly pace?: Partial<LinkPace>;
}

/**
 * Keeps one warm connection to one agent: connects, asks, waits for the end, comes back with backoff. Each agent has
 * a link of its own and nothing here waits for another one.
 */
export class AgentLink {
  readonly #options: LinkOptions;
  readonly #pace: LinkPace;
  readonly #wait = new WakeableWait();
  readonly #finished: Promise<void>;
  readonly #lists = new Coalesced(() => this.#list());
  /** The connection, and whether the agent answers on it. */
  #open: AgentClient | undefined;
  #answers = false;
  #answeredAt = '';
  #listedAtMs = -Infinity;
  #stopped = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pace = { ...PACE, ...options.pace };
    this.#finished = this.#run();
  }

  /** The connection, while the agent answers on it. */
  get client(): AgentClient | undefined {
    return this.#answers ? this.#open : undefined;
  }

  /** The agent was heard of: do not sit out the backoff. */
  wake(): void {
    if (!this.#answers) this.#wait.wake();
  }

  /** Asks for a list, begun after this call; rejects where the agent gives none. */
  async refresh(): Promise<void> {
    await this.#lists.run();
  }

  /** A connection that is only being opened is left behind; it is closed as soon as it stands. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wait.wake();
    if (!this.#open) return;
    await this.#open.close();
    await this.#finished;
  }

  async #run(): Promise<void> {
    const { connect, record, backoff = backoffByChance } = this.#options;
    for (let failures = 0; !this.#stopped; failures += 1) {
      let problem: string;
      try {
        this.#open = await connect(record);
        if (this.#stopped) return;
        await this.#probe(this.#open);
        failures = 0;
        problem = await this.#watch(this.#open);
      } catch (error) {
        problem = messageOf(error);
      } finally {
        this.#answers = false;
        await this.#open?.close();
        this.#open = undefined;
      }
      if (this.#stopped) return;
      this.#isDown(problem);
      await this.#wait.wait(backoff(failures));
    }
  }

  /** Probes until the connection ends. An agent that stopped answering keeps its connection while anyone uses it. */
  async #watch(client: AgentClient): Promise<string> {
    let over: string | undefined;
    void client.closed.then((reason) => {
      over = reason;
      this.#wait.wake();
    });
    for (;;) {
      await Promise.resolve(); // lets a connection that is closed already say so
      if (over === undefined) await this.#wait.wait(this.#pace.pingMs);
      if (over !== undefined) return over;
      try {
        await this.#probe(client);
      } catch (error) {
        if (client.terminals === 0 && client.calls === 0) throw error;
        this.#isDown(messageOf(error));
      }
    }
  }

  /**
   * Who answers and in which version; and the whole list from one that did not answer before, for without it an agent
   * is of no use as "up". Of one that is up the list is looked after beside the pings: neither delays the other.
   */
  async #probe(client: AgentClient): Promise<void> {
    const ping = await this.#ping(client);
    if (!this.#answers) await this.refresh();
    else if (!this.#options.events.hasEvents() || performance.now() - this.#listedAtMs >= this.#pace.listMs)
      void this.#lookAfterList();
    this.#answers = true;
    this.#options.events.onUp(ping);
  }

  async #ping(client: AgentClient): Promise<z.infer<typeof Ping>> {
    let waiting = true;
    const isOverdue = (): void => {
      const last = this.#answeredAt === '' ? '' : `; it last answered at ${this.#answeredAt}`;
      if (waiting)
        this.#isDown(`the agent did not answer ping within ${this.#pace.overdueMs / 1000} s${last}`);
    };
    // Where it was this process that stood still, an answer that came meanwhile is read before anyone is blamed.
    const overdue = setTimeout(() => setImmediate(isOverdue), this.#pace.overdueMs);
    try {
      const ping = await client.ping();
      this.#refuseStranger(ping);
      this.#answeredAt = new Date().toISOString();
      return ping;
    } finally {
      waiting = false;
      clearTimeout(overdue);
    }
  }

  #refuseStranger(ping: z.infer<typeof Ping>): void {
    const { agentId } = this.#options.record;
    if (ping.agent_id !== agentId)
      throw new Error(`another agent answers there: ${ping.agent_id} instead of ${agentId}`);
    if (ping.protocol < PROTOCOL_RANGE.min || ping.protocol > PROTOCOL_RANGE.max)
      throw new Error(
        `it speaks protocol ${ping.protocol} (release ${ping.version}), which this shell does not`,
      );
  }

  #isDown(problem: string): void {
    this.#answers = false;
    if (!this.#stopped) this.#options.events.onDown(clipWords(problem));
  }

  /** An agent that answers pings and gives no list is down all the same, until it gives one. */
  async #lookAfterList(): Promise<void> {
    const client = this.#open;
    try {
      await this.refresh();
    } catch (error) {
      if (client === this.#open) this.#isDown(messageOf(error));
    }
  }

  async #list(): Promise<void> {
    if (!this.#open) throw new Error('not connected');
    this.#listedAtMs = performance.now();
    const askedAt = this.#options.events.onAsk();
    const sessions = await this.#open.list();
    this.#options.events.onList(sessions, askedAt);
  }
}
