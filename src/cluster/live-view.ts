import { randomUUID } from 'node:crypto';
import { messageOf } from '../base/errors.ts';
import type { AgentView, SessionView } from '../protocol/shell-socket.ts';
import type { StatusEvent } from '../protocol/status-events.ts';
import { type AgentClient, connectAgent } from './agent-client.ts';
import { clipAllWords } from './agent-words.ts';
import { AgentLink, type LinkOptions, type LinkPace } from './agent-link.ts';
import { type AgentState, type Fact, merge, newAgentState } from './cluster-state.ts';
import { Coalesced } from './coalesced.ts';
import { agentViewOf, sessionViewsOf } from './cluster-views.ts';
import { LiveRows } from './live-rows.ts';
import { type AgentRecord, type RegistryScan, loadCredentials, scanAgents } from './registry.ts';
import { type RegistryWatch, watchRegistry } from './watch-registry.ts';

export interface LiveViewOptions {
  /** The registry; by default the shell host's. */
  readonly dir?: string | undefined;
  readonly log: (message: string, facts: Record<string, unknown>) => void;
  readonly backoff?: LinkOptions['backoff'];
  readonly pace?: Partial<LinkPace> | undefined;
}

/** The way in for what one connection on 223 brings. */
export interface EventStream {
  take(event: StatusEvent): void;
  end(): void;
}

interface Watched {
  readonly record: AgentRecord;
  readonly link: AgentLink;
  state: AgentState;
}

/** The one live picture of every registered agent (decision 9). */
export class LiveView implements AsyncDisposable {
  readonly #options: LiveViewOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #scans = new Coalesced(() => this.#scan());
  readonly #listeners = new Set<() => void>();
  /** What there is to see, and what of it changed since any moment. */
  readonly rows = new LiveRows();
  #damaged = new Map<string, AgentView>();
  #watch: RegistryWatch | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  /** Reads the registry and begins to connect; does not wait for any agent. */
  async start(): Promise<void> {
    this.#watch = await watchRegistry(this.#options.dir, () => this.rescan());
    await this.rescan();
  }

  /** Calls `listener` after each change of {@link rows}, before anything else happens; gives what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  agents(): AgentView[] {
    const views = [...this.#watched.values()].map(({ state }) => agentViewOf(state));
    const unwatched = [...this.#damaged.values()].filter((view) => !this.#watched.has(view.agent_id));
    return [...views, ...unwatched].sort((a, b) => a.host.localeCompare(b.host));
  }

  sessions(): SessionView[] {
    return [...this.#watched.values()].flatMap(({ state }) => sessionViewsOf(state));
  }

  agent(agentId: string): AgentView | undefined {
    const watched = this.#watched.get(agentId);
    return watched ? agentViewOf(watched.state) : this.#damaged.get(agentId);
  }

  /** The warm connection; undefined while the agent cannot be asked. */
  client(agentId: string): AgentClient | undefined {
    return this.#watched.get(agentId)?.link.client;
  }

  /** Somebody waits for this agent: where it cannot be asked, the next try to connect is now. */
  wake(agentId: string): void {
    this.#watched.get(agentId)?.link.wake();
  }

  /** Asks the agent for its list, and gives up waiting for it after `timeoutMs`; never rejects. */
  async refresh(agentId: string, timeoutMs: number): Promise<void> {
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([this.#list(agentId), enough]);
    clearTimeout(timer);
  }

  /** A new connection of this agent on 223; what comes on older ones counts no more. */
  async openStream(agentId: string): Promise<EventStream> {
    if (!this.#watched.has(agentId)) await this.rescan();
    const stream = randomUUID();
    this.#apply(agentId, { kind: 'stream', stream, at: now() });
    this.#watched.get(agentId)?.link.wake();
    return {
      take: (event) => this.#apply(agentId, { kind: 'event', stream, event, at: now() }),
      end: () => this.#apply(agentId, { kind: 'streamEnded', stream, at: now() }),
    };
  }

  /** Takes up agents that were registered, changed or removed since. */
  async rescan(): Promise<void> {
    await this.#scans.run();
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await Promise.all([...this.#watched.values()].map(({ link }) => link.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #scan(): Promise<void> {
    let scan: RegistryScan;
    try {
      scan = await scanAgents(this.#options.dir);
    } catch (error) {
      this.#options.log('the registry cannot be read', { problem: messageOf(error) });
      return;
    }
    this.#noteDamaged(scan.damaged);
    const registered = new Map(scan.agents.map((record) => [record.agentId, record]));
    for (const [agentId, { record, link, state }] of this.#watched) {
      const now = registered.get(agentId);
      if (now && JSON.stringify(now) === JSON.stringify(record)) continue;
      // What is known of an agent whose entry was damaged just now stays, and so does its connection.
      if (!now && this.#damaged.has(agentId)) continue;
      this.#watched.delete(agentId);
      void link.stop();
      if (now) this.#add(now, state);
    }
    for (const record of scan.agents) if (!this.#watched.has(record.agentId)) this.#add(record);
    this.#show(() => this.rows.showAgents(this.agents()));
  }

  /** `known` is the state under an older record: its sessions stay in the list while the new link connects. */
  #add(record: AgentRecord, known?: AgentState): void {
    const { agentId, host } = record;
    const { dir, backoff, pace, log } = this.#options;
    const link = new AgentLink({
      record,
      connect: async () => await connectAgent(record, await loadCredentials(agentId, dir)),
      ...(backoff && { backoff }),
      ...(pace && { pace }),
      events: {
        onUp: (ping) => {
          if (!watched.state.up) log('agent is up', { agent: agentId, host, version: ping.version });
          this.#applyTo(watched, { kind: 'connected', ping, at: now() });
        },
        onDown: (problem) => {
          if (watched.state.problem !== problem) log('agent is down', { agent: agentId, host, problem });
          this.#applyTo(watched, { kind: 'disconnected', problem, at: now() });
        },
        hasEvents: () => watched.state.statusLink.up,
        onAsk: () => watched.state.revision,
        onList: (sessions, askedAt) => this.#applyTo(watched, { kind: 'listed', sessions, askedAt }),
      },
    });
    const watched: Watched = {
      record,
      link,
      state: { ...(known ?? newAgentState(agentId, host, now())), host },
    };
    this.#watched.set(agentId, watched);
    this.#show(() => this.rows.showState(known, watched.state));
  }

  #apply(agentId: string, fact: Fact): void {
    const watched = this.#watched.get(agentId);
    if (watched) this.#applyTo(watched, fact);
  }

  #applyTo(watched: Watched, fact: Fact): void {
    const before = watched.state;
    const { state, needsList } = merge(before, clipAllWords(fact));
    watched.state = state;
    // A link that was stopped may have a last word: its agent is another's, or nobody's, by then.
    if (this.#watched.get(state.agentId) === watched) this.#show(() => this.rows.showState(before, state));
    if (needsList) void this.#list(state.agentId);
  }

  #show(take: () => void): void {
    const { revision } = this.rows;
    take();
    if (this.rows.revision !== revision) for (const listener of this.#listeners) listener();
  }

  async #list(agentId: string): Promise<void> {
    try {
      await this.#watched.get(agentId)?.link.refresh();
    } catch (error) {
      this.#options.log('no list could be had', { agent: agentId, problem: messageOf(error) });
    }
  }

  #noteDamaged(damaged: RegistryScan['damaged']): void {
    const before = this.#damaged;
    this.#damaged = new Map();
    for (const { agentId, error } of damaged) {
      const known = before.get(agentId);
      if (!known) this.#options.log('the registry is damaged', { agent: agentId, problem: error.message });
      const view = { agent_id: agentId, host: agentId, up: false, version: '', image_tag: '', load: [] };
      this.#damaged.set(agentId, { ...view, since: known?.since ?? now(), problem: error.message });
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
