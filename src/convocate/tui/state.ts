import type { Size } from '../own-device.ts';
import { sessionKey } from '../../cluster/session-key.ts';
import type { Screen } from '../../protocol/rpc.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import type { Dialog } from './dialogs.ts';

export type * from './dialogs.ts';

/**
 * All that the terminal UI knows, as plain data. `step.ts` says what follows from a key or from news; `view/` draws it and
 * keeps nothing of its own.
 */
export interface TuiState {
  readonly size: Size;
  /** Milliseconds since 1970, as the last event brought it. */
  readonly nowMs: number;
  readonly cluster: Cluster;
  readonly list: List;
  /** What lies over the list and takes the keys. */
  readonly dialog: Dialog | undefined;
  /** The selected session's terminal, where the window is wide enough to show it. */
  readonly preview: Preview | undefined;
  /** Newest last, at most {@link MAX_MESSAGES}. */
  readonly messages: readonly Message[];
  /** The one on the bottom line, until the next key or a while later. */
  readonly notice: Message | undefined;
  /** What is under way, by {@link keyOf} of the session: the verb as it is shown ("killing"). */
  readonly underWay: ReadonlyMap<string, string>;
  /**
   * By {@link keyOf}, when the agent said that it had killed the session as asked from here, until the picture shows it:
   * what tells a kill of ours from a session that ended by itself.
   */
  readonly killed: ReadonlyMap<string, number>;
  /** {@link keyOf} of a session made from here, to which the cursor goes as soon as the picture shows it. */
  readonly awaited: string | undefined;
  /** A session has the terminal: nothing of this is seen. */
  readonly away: boolean;
  /** The cursor's session left the list by itself, and the cursor went to another: keys on their way were meant for it. */
  readonly slide: Slide | undefined;
}

export interface Slide {
  /** When its operator could see it first, as far as time has gone. */
  readonly atMs: number;
  /** What the session that left is called. */
  readonly from: string;
}

export const MAX_MESSAGES = 200;
/** From this width on there is a preview beside the list. */
export const PREVIEW_COLS = 120;
export const SMALLEST = { cols: 40, rows: 12 } as const;

/** The picture of the cluster as the status service tells it. */
export interface Cluster {
  /** `connecting` until the first snapshot; `lost` keeps what was seen last on the screen. */
  readonly connection: 'connecting' | 'live' | 'lost';
  /** When `connection` last changed; milliseconds since 1970. */
  readonly sinceMs: number;
  /** Why it is lost. */
  readonly problem?: string | undefined;
  readonly name: string;
  readonly version: string;
  /** Load averages of the shell host. */
  readonly load: readonly number[];
  /** By host name. */
  readonly agents: readonly AgentView[];
  /** By {@link keyOf}. An entry that did not change is the same object as before. */
  readonly sessions: ReadonlyMap<string, SessionView>;
}

export type SortOrder = 'last use' | 'name' | 'agent' | 'state' | 'age';
export const SORT_ORDERS: readonly SortOrder[] = ['last use', 'name', 'agent', 'state', 'age'];

export interface List {
  /** {@link keyOf} of the row the cursor is on; never an index, because rows move. */
  readonly selected: string | undefined;
  /** Where the selected row was when it was last seen: what the cursor falls to when its session goes. */
  readonly selectedIndex: number;
  /** Index of the first row that is drawn. */
  readonly top: number;
  readonly sort: SortOrder;
  /** Every word of it must be in the name, the agent, the UUID, the DNS name or the port. */
  readonly filter: string;
  /** Agent id; undefined for all. */
  readonly agent: string | undefined;
  readonly onlyAttention: boolean;
  readonly onlyOlderImage: boolean;
}

export interface Preview {
  /** {@link keyOf} of its session. */
  readonly key: string;
  readonly screen?: Screen | undefined;
  readonly problem?: string | undefined;
}

export interface Message {
  readonly atMs: number;
  readonly kind: 'done' | 'refused' | 'failed' | 'news';
  readonly text: string;
}

/** Names a session in the whole cluster. */
export function keyOf(session: { readonly agent_id: string; readonly uuid: string }): string {
  return sessionKey(session.agent_id, session.uuid);
}

export function initialState(size: Size, nowMs: number): TuiState {
  return {
    size,
    nowMs,
    cluster: {
      connection: 'connecting',
      sinceMs: nowMs,
      name: '',
      version: '',
      load: [],
      agents: [],
      sessions: new Map(),
    },
    list: {
      selected: undefined,
      selectedIndex: 0,
      top: 0,
      sort: 'last use',
      filter: '',
      agent: undefined,
      onlyAttention: false,
      onlyOlderImage: false,
    },
    dialog: undefined,
    preview: undefined,
    messages: [],
    notice: undefined,
    underWay: new Map(),
    killed: new Map(),
    awaited: undefined,
    away: false,
    slide: undefined,
  };
}
