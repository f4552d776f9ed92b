import type { AgentView, ClusterChange, SessionView } from '../protocol/shell-socket.ts';
import type { AgentState } from './cluster-state.ts';
import { agentViewOf, sessionViewOf, touchedSessions } from './cluster-views.ts';
import { RevisedRows } from './revised-rows.ts';
import { sessionKey, splitSessionKey } from './session-key.ts';

/**
 * What every agent and session looked like when it last changed. A revision stands for a moment: it rises with each
 * change, and what came after it can be told to anyone who knows it.
 */
export class LiveRows {
  readonly #agents = new RevisedRows<AgentView>();
  readonly #sessions = new RevisedRows<SessionView>();
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  /** Takes up what differs between two states of one agent; `before` is undefined for one that is new here. */
  showState(before: AgentState | undefined, after: AgentState): void {
    const next = this.#revision + 1;
    const { agentId } = after;
    const ids = before ? touchedSessions(before, after) : [...after.sessions.keys()];
    let changed = this.#agents.put(agentId, agentViewOf(after), next);
    for (const uuid of ids) {
      const key = sessionKey(agentId, uuid);
      const view = sessionViewOf(after, uuid);
      const differs = view ? this.#sessions.put(key, view, next) : this.#sessions.drop(key, next);
      changed = differs || changed;
    }
    if (changed) this.#revision = next;
  }

  /** These are all the agents there are; whatever belongs to another one has gone. */
  showAgents(views: readonly AgentView[]): void {
    const next = this.#revision + 1;
    const there = new Set(views.map((view) => view.agent_id));
    const changes = [
      ...views.map((view) => this.#agents.put(view.agent_id, view, next)),
      ...this.#agents.keys().map((id) => !there.has(id) && this.#agents.drop(id, next)),
      ...this.#sessions
        .keys()
        .map((key) => !there.has(splitSessionKey(key).agent_id) && this.#sessions.drop(key, next)),
    ];
    if (changes.includes(true)) this.#revision = next;
  }

  /** What is another since `revision`, whole views; an empty object where nothing is. */
  since(revision: number): ClusterChange {
    if (revision >= this.#revision) return {};
    const agents = this.#agents.since(revision);
    const sessions = this.#sessions.since(revision);
    return {
      ...(agents.views.length > 0 && { agents: [...agents.views] }),
      ...(sessions.views.length > 0 && { sessions: [...sessions.views] }),
      ...(agents.gone.length > 0 && { gone_agents: [...agents.gone] }),
      ...(sessions.gone.length > 0 && { gone_sessions: sessions.gone.map(splitSessionKey) }),
    };
  }

  /** Nobody will ask for an older moment than `revision` any more. */
  forgetGone(revision: number): void {
    this.#agents.forgetGone(revision);
    this.#sessions.forgetGone(revision);
  }
}
