import type { SessionView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import { rowsOf } from '../rows.ts';
import type { Cluster, TuiState } from '../state.ts';
import { type Line, span } from './line.ts';
import { headOfLine, spread, widthOfLine } from './line-width.ts';
import { STYLE } from './styles.ts';
import { safe } from './text-width.ts';

/** Whose cluster this is on the left; on the right how it is and what time it is. The least important goes first. */
export function titleBar(state: TuiState): Line {
  const { cols } = state.size;
  const left: Line = [span(` ${safe(state.cluster.name) || 'convocate'}`, STYLE.title)];
  const room = cols - widthOfLine(left) - GAP.length;
  const parts = partsOf(state);
  while (parts.length > 1 && widthOfLine(joined(parts)) > room) parts.splice(leastImportant(parts), 1);
  return headOfLine(spread(left, joined(parts), cols), cols);
}

interface Part {
  readonly rank: number;
  readonly line: Line;
}

const GAP = '   ';

/** In the order in which they are shown; the lower the rank, the longer it stays. */
function partsOf(state: TuiState): Part[] {
  const { cluster, nowMs } = state;
  const clock: Part = { rank: 2, line: [span(clockOf(nowMs))] };
  if (cluster.connection === 'connecting')
    return [{ rank: 0, line: [span('connecting …', STYLE.quiet)] }, clock];
  const waiting = waitingIn(cluster.sessions);
  const total = cluster.sessions.size;
  const load = cluster.load.map((value) => value.toFixed(2)).join(' ');
  return [
    ...(cluster.connection === 'lost'
      ? [{ rank: 0, line: [span(lostText(cluster, nowMs), STYLE.alarm)] }]
      : []),
    ...(waiting > 0 ? [{ rank: 1, line: [span(`▲ ${waiting} waiting`, STYLE.waiting)] }] : []),
    { rank: 4, line: [span(sessionsText(state, total), STYLE.plain)] },
    { rank: 3, line: agentsLine(cluster) },
    ...(load === '' ? [] : [{ rank: 5, line: [span(`load ${load}`, STYLE.quiet)] }]),
    clock,
  ];
}

function agentsLine({ agents }: Cluster): Line {
  const up = agents.filter((agent) => agent.up).length;
  const style = up < agents.length ? STYLE.alarm : STYLE.plain;
  return [span(`${up}/${agents.length} ${agents.length === 1 ? 'agent' : 'agents'}`, style)];
}

function sessionsText({ cluster, list }: TuiState, total: number): string {
  const shown = rowsOf(cluster, list).length;
  const count = shown === total ? `${total}` : `${shown} of ${total}`;
  return `${count} ${total === 1 ? 'session' : 'sessions'}`;
}

function lostText({ sinceMs }: Cluster, nowMs: number): string {
  return `no connection for ${ageOf(new Date(sinceMs).toISOString(), nowMs)}`;
}

const counted = new WeakMap<Cluster['sessions'], number>();

/** Counted once for each picture. */
function waitingIn(sessions: Cluster['sessions']): number {
  const known = counted.get(sessions);
  if (known !== undefined) return known;
  let waiting = 0;
  for (const session of sessions.values()) if (isWaiting(session)) waiting += 1;
  counted.set(sessions, waiting);
  return waiting;
}

function isWaiting({ activity, running, stale }: SessionView): boolean {
  return running && !stale && activity?.state === 'waiting';
}

function joined(parts: readonly Part[]): Line {
  return parts.flatMap(({ line }, index) => [...(index === 0 ? [] : [span(GAP)]), ...line]).concat(span(' '));
}

function leastImportant(parts: readonly Part[]): number {
  return parts.reduce((worst, part, index) => (part.rank > (parts[worst]?.rank ?? -1) ? index : worst), 0);
}

/** `14:03:22`, by the clock of the operator's machine. */
export function clockOf(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}
