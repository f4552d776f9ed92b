import { openPicker } from './agent-picker.ts';
import { type Move, moveCursor } from './cursor.ts';
import type { Key } from './events.ts';
import { openFilter } from './filter-prompt.ts';
import { type Command, commandOf } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import { rowsOf } from './rows.ts';
import { type SessionCommand, onSessionCommand } from './session-keys.ts';
import { openSettings } from './settings-keys.ts';
import { type List, SORT_ORDERS, type TuiState } from './state.ts';

/** Keys of the bare list. */
export function listKey(state: TuiState, key: Key): Next {
  const command = commandOf('list', key);
  if (command === undefined) return next(state);
  if (isMove(command)) return next(moveCursor(state, command));
  if (isOfCluster(command)) return OF_CLUSTER[command](state);
  return onSessionCommand(state, command);
}

type ClusterCommand = Exclude<Command<'list'>, SessionCommand | Move>;

const MOVES: ReadonlySet<string> = new Set(['up', 'down', 'pageUp', 'pageDown', 'home', 'end']);

function isMove(command: Command<'list'>): command is Move {
  return MOVES.has(command);
}

function isOfCluster(command: SessionCommand | ClusterCommand): command is ClusterCommand {
  return Object.hasOwn(OF_CLUSTER, command);
}

const OF_CLUSTER: Record<ClusterCommand, (state: TuiState) => Next> = {
  new: openPicker,
  settings: openSettings,
  filter: (state) => next(openFilter(state)),
  help: (state) => next(withDialog(state, { kind: 'help', top: 0 })),
  messages: (state) => next(withDialog(state, { kind: 'messages', top: undefined })),
  quit: (state) => next(state, { kind: 'quit' }),
  sort: (state) => {
    const sort = after(SORT_ORDERS, state.list.sort);
    return next(hint(withList(state, { sort }), `sorted by ${sort}`, 'news'));
  },
  agent: (state) => {
    const all = [undefined, ...state.cluster.agents.map(({ agent_id }) => agent_id)];
    return next(tellRows(withList(state, { agent: after(all, state.list.agent) })));
  },
  attention: (state) => next(tellRows(withList(state, { onlyAttention: !state.list.onlyAttention }))),
  olderImages: (state) => next(tellRows(withList(state, { onlyOlderImage: !state.list.onlyOlderImage }))),
  back: (state) => next(withoutOneFilter(state)),
};

/** One filter less, the one that was the finest first; the bare list stays as it is. */
function withoutOneFilter(state: TuiState): TuiState {
  const { filter, onlyAttention, onlyOlderImage, agent } = state.list;
  if (filter !== '') return tellRows(withList(state, { filter: '' }));
  if (onlyAttention) return tellRows(withList(state, { onlyAttention: false }));
  if (onlyOlderImage) return tellRows(withList(state, { onlyOlderImage: false }));
  if (agent !== undefined) return tellRows(withList(state, { agent: undefined }));
  return hint(state, '(Q)uit leaves; sessions go on', 'news');
}

/** Says what the filters show now. */
function tellRows(state: TuiState): TuiState {
  const { list, cluster } = state;
  const host = cluster.agents.find(({ agent_id }) => agent_id === list.agent)?.host;
  const which = [
    ...(list.filter === '' ? [] : [`with "${list.filter}"`]),
    ...(list.onlyAttention ? ['that need someone'] : []),
    ...(list.onlyOlderImage ? ['on older images'] : []),
    ...(host === undefined ? [] : [`on ${host}`]),
  ];
  const count = rowsOf(cluster, list).length;
  const words = which.length === 0 ? 'all sessions' : `only sessions ${which.join(', ')}`;
  return hint(state, `${words}: ${count}${wayOn(list, count)}`, 'news');
}

/** Cutover is one session at a time, and an operator's decision each time. */
function wayOn(list: List, count: number): string {
  return list.onlyOlderImage && count > 0 ? '; (K)ill, then (R)estart moves one to the current image' : '';
}

function withList(state: TuiState, change: Partial<List>): TuiState {
  return { ...state, list: { ...state.list, ...change } };
}

/** The one behind `current`, and behind the last the first. */
function after<T>(all: readonly T[], current: T): T {
  return all[(all.indexOf(current) + 1) % all.length] as T;
}
