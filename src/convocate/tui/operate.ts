import { whyNot, sessionOf } from './gate.ts';
import type { Call } from './events.ts';
import { type Next, next } from './next.ts';
import { hint } from './notices.ts';
import { nameOnHost } from './session-words.ts';
import type { ConfirmedOp, TuiState } from './state.ts';
import { type Target, targetKey } from './target.ts';

/** What is done to a session with nothing more to say than which. */
export type PlainOp = ConfirmedOp | 'restart';

/** As a row shows what is under way on its session. */
const DOING: Partial<Record<Call['op'], string>> = {
  kill: 'killing',
  restart: 'restarting',
  delete: 'deleting',
  background: 'detaching',
  override: 'overriding',
  edit: 'editing',
  clone: 'cloning',
};

/** Asks the agent of `target` for `op`, or says why not. */
export function operate(state: TuiState, op: PlainOp, target: Target): Next {
  const why = whyNot(state, op, target);
  if (why !== undefined) return next(hint(state, why));
  const call = { agentId: target.agentId, host: target.host, op, params: { id: target.uuid }, target };
  const told = hint(state, `${DOING[op]} ${nameOnHost(target)}${whatComes(state, op, target)}`, 'news');
  return startCall(told, call);
}

/** From here on `call` is under way; whoever starts one has asked {@link whyNot} first. */
export function startCall(state: TuiState, call: Call): Next {
  const doing = DOING[call.op];
  if (!call.target || doing === undefined) return next(state, { kind: 'call', call });
  const underWay = new Map(state.underWay).set(targetKey(call.target), doing);
  return next({ ...state, underWay }, { kind: 'call', call });
}

/** The image that a session started now on this agent runs; undefined where it is not known. */
export function currentImage({ cluster }: TuiState, agentId: string): string | undefined {
  return cluster.agents.find((agent) => agent.agent_id === agentId)?.image_tag || undefined;
}

function whatComes(state: TuiState, op: PlainOp, target: Target): string {
  if (op === 'kill') return sessionOf(state, target)?.running ? '; the row shows - when it is down' : '';
  const image = op === 'restart' ? currentImage(state, target.agentId) : undefined;
  return image === undefined ? '' : `; it comes up on ${image}`;
}
