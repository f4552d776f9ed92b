import { compareText } from '../../base/compare-text.ts';
import { stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { needsAttention } from '../needs-attention.ts';
import { type Cluster, type List, type SortOrder, keyOf } from './state.ts';

/** The rows of one picture as they were asked for last; they go when the picture goes. */
interface Choice {
  readonly list: List;
  readonly rows: readonly SessionView[];
}

const chosen = new WeakMap<Cluster['sessions'], Choice>();

/**
 * The rows of the list in their order: of all agents, less what the filters leave out. The same question twice in a row
 * costs nothing, because every key press asks it.
 */
export function rowsOf(cluster: Cluster, list: List): readonly SessionView[] {
  const known = chosen.get(cluster.sessions);
  if (known && sameChoice(known.list, list)) return known.rows;
  const isShown = shownBy(list);
  const rows = [...cluster.sessions.values()].filter(isShown);
  rows.sort((a, b) => COMPARE[list.sort](a, b) || compareText(keyOf(a), keyOf(b)));
  chosen.set(cluster.sessions, { list, rows });
  return rows;
}

/** Where `key` stands in `rows`; -1 where it does not. */
export function indexOfKey(rows: readonly SessionView[], key: string | undefined): number {
  return key === undefined ? -1 : rows.findIndex((session) => keyOf(session) === key);
}

function sameChoice(a: List, b: List): boolean {
  return (
    a.sort === b.sort &&
    a.filter === b.filter &&
    a.agent === b.agent &&
    a.onlyAttention === b.onlyAttention &&
    a.onlyOlderImage === b.onlyOlderImage
  );
}

function shownBy(list: List): (session: SessionView) => boolean {
  const words = list.filter
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '');
  return (session) => {
    if (list.agent !== undefined && session.agent_id !== list.agent) return false;
    if (list.onlyAttention && !needsAttention(session)) return false;
    if (list.onlyOlderImage && !session.older_image) return false;
    if (words.length === 0) return true;
    const { name, host, uuid, dns_name, port } = session;
    const text = `${name} ${host} ${uuid} ${dns_name} ${port}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

const COMPARE: Record<SortOrder, (a: SessionView, b: SessionView) => number> = {
  'last use': (a, b) => compareText(b.last_accessed, a.last_accessed),
  name: (a, b) => compareText(a.name, b.name),
  agent: (a, b) => compareText(a.host, b.host) || compareText(a.name, b.name),
  state: (a, b) => compareText(stateOf(a), stateOf(b)) || compareText(b.last_accessed, a.last_accessed),
  age: (a, b) => compareText(b.created_at, a.created_at),
};
