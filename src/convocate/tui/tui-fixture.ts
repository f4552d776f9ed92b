import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import type { Effect, Key, KeyName, TuiEvent } from './events.ts';
import { type Cluster, type TuiState, initialState, keyOf } from './state.ts';
import { step } from './step.ts';

export const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

/** RFC 3339, `seconds` before {@link NOW_MS}. */
export function ago(seconds: number): string {
  return new Date(NOW_MS - seconds * 1000).toISOString();
}

export function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function agentOf(number: number, change: Partial<AgentView> = {}): AgentView {
  return {
    agent_id: `agent${String(number).padStart(3, '0')}`,
    host: `host${number}`,
    up: true,
    since: ago(3600),
    version: 'v2',
    image_tag: 'convocate:v2',
    load: [0.5, 0.4, 0.3],
    ...change,
  };
}

/** A running session on the first agent; a higher number was used longer ago. */
export function sessionOf(number: number, change: Partial<SessionView> = {}): SessionView {
  return {
    uuid: uuidOf(number),
    name: `session${number}`,
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: ago(86_400 + number),
    last_accessed: ago(number),
    agent_id: 'agent001',
    attached: 0,
    running: true,
    image: 'convocate:v2',
    container_id: 'c',
    started_at: ago(3600),
    locked: false,
    host: 'host1',
    stale: false,
    older_image: false,
    ...change,
  };
}

export function clusterOf(sessions: readonly SessionView[], change: Partial<Cluster> = {}): Cluster {
  return {
    connection: 'live',
    sinceMs: NOW_MS,
    name: 'test',
    version: 'v2',
    load: [0.1, 0.1, 0.1],
    agents: [agentOf(1)],
    sessions: new Map(sessions.map((session) => [keyOf(session), session])),
    ...change,
  };
}

/** A window of 80×24 in which the first picture has just come. */
export function stateOfCluster(cluster: Cluster, size = { cols: 80, rows: 24 }): TuiState {
  return after(initialState(size, NOW_MS), snapshot(cluster));
}

export function stateWith(sessions: readonly SessionView[], change: Partial<Cluster> = {}): TuiState {
  return stateOfCluster(clusterOf(sessions, change));
}

export function snapshot(cluster: Cluster): TuiEvent {
  return { kind: 'cluster', cluster, first: true, atMs: NOW_MS };
}

export function change(cluster: Cluster): TuiEvent {
  return { kind: 'cluster', cluster, first: false, atMs: NOW_MS };
}

/** The operator is back in the list. */
export function cameBack(text: string, change: { atMs?: number; missed?: readonly string[] } = {}): TuiEvent {
  const { atMs = NOW_MS, missed = [] } = change;
  return { kind: 'back', message: { atMs, kind: 'news', text }, missed, atMs };
}

const NAMES: ReadonlySet<string> = new Set<KeyName>([
  'up',
  'down',
  'left',
  'right',
  'pageUp',
  'pageDown',
  'home',
  'end',
  'enter',
  'escape',
  'tab',
  'backspace',
  'delete',
]);

/** `enter`, `shift-tab`, `ctrl-c`, `paste:some text`, or a character as it is. */
export function keyOfWord(word: string): Key {
  if (word.startsWith('paste:')) return { name: 'text', text: word.slice(6), pasted: true };
  if (word === 'shift-tab') return { name: 'tab', shift: true };
  if (word.startsWith('ctrl-')) return { name: 'ctrl', letter: word.slice(5) };
  return NAMES.has(word) ? { name: word as KeyName } : { name: 'text', text: word };
}

export function key(word: string, atMs = NOW_MS): TuiEvent {
  return { kind: 'key', key: keyOfWord(word), atMs };
}

export function after(state: TuiState, ...events: readonly TuiEvent[]): TuiState {
  return events.reduce((now, event) => step(now, event).state, state);
}

/** Keys one after another; each word is one, see {@link keyOfWord}. */
export function press(state: TuiState, ...words: readonly string[]): TuiState {
  return after(state, ...words.map((word) => key(word)));
}

/** Types letter by letter. */
export function type(state: TuiState, text: string): TuiState {
  return press(state, ...text.split(''));
}

/** What the last of these keys asks to be done. */
export function effectsOf(state: TuiState, ...words: readonly string[]): readonly Effect[] {
  return step(press(state, ...words.slice(0, -1)), key(words.at(-1) ?? '')).effects;
}

export function selectedName(state: TuiState): string | undefined {
  return state.cluster.sessions.get(state.list.selected ?? '')?.name;
}
