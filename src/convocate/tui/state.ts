import type { AgentSettings } from '../../protocol/agent-settings.ts';
import type { Screen } from '../../protocol/rpc.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';

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
}

export const MAX_MESSAGES = 200;
/** From this width on there is a preview beside the list. */
export const PREVIEW_COLS = 120;
export const SMALLEST = { cols: 40, rows: 12 } as const;

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

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

/** What a dialog acts on: frozen when it opens, whatever happens to the list below it. */
export interface Target {
  readonly agentId: string;
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
}

export type Dialog =
  | Confirmation
  | FormDialog
  | AgentPicker
  | FilterPrompt
  | HelpDialog
  | LogDialog
  | MessagesDialog
  | SettingsDialog;

export type ConfirmedOp = 'kill' | 'delete' | 'override' | 'background';

export interface Confirmation {
  readonly kind: 'confirm';
  readonly op: ConfirmedOp;
  readonly target: Target;
  /** What the operator should know first, such as work that would be interrupted. */
  readonly warnings: readonly string[];
  /** The default is no. */
  readonly yes: boolean;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Position of the cursor in `value`, in UTF-16 units, always at the edge of a character as people see it. */
  readonly cursor: number;
  /** Where only these values can be had; Left, Right and Space walk them. */
  readonly options?: readonly string[];
  /** What is wrong with the value as it stands, told while it is typed. */
  readonly problem?: string | undefined;
  /** A few words on what may stand here. */
  readonly hint: string;
}

export type FormPurpose =
  | { readonly action: 'new'; readonly agentId: string; readonly host: string }
  | { readonly action: 'clone' | 'edit'; readonly target: Target }
  | { readonly action: 'settings'; readonly agentId: string; readonly host: string };

export interface FormDialog {
  readonly kind: 'form';
  readonly purpose: FormPurpose;
  readonly fields: readonly Field[];
  /** Index of the field that takes the keys. */
  readonly focus: number;
  /** The agent's own words, when it refused what was sent. */
  readonly refusal?: string | undefined;
  /** Sent, and not answered yet. */
  readonly sending: boolean;
}

export interface AgentPicker {
  readonly kind: 'pick agent';
  /** Agent id of the one the cursor is on. */
  readonly selected: string | undefined;
}

/** The line at the bottom in which the filter is typed; the list follows every letter. */
export interface FilterPrompt {
  readonly kind: 'filter';
  readonly cursor: number;
  /** What Escape brings back. */
  readonly before: string;
}

export interface HelpDialog {
  readonly kind: 'help';
  readonly top: number;
}

export interface LogDialog {
  readonly kind: 'log';
  readonly target: Target;
  /** Undefined until it has come. */
  readonly lines: readonly string[] | undefined;
  readonly truncated: boolean;
  readonly problem?: string | undefined;
  /** Index of the first line shown; undefined for the end. */
  readonly top: number | undefined;
}

export interface MessagesDialog {
  readonly kind: 'messages';
  /** As of {@link LogDialog}. */
  readonly top: number | undefined;
}

/** Versions, images, use and settings of every agent; Enter on one opens the form with its settings. */
export interface SettingsDialog {
  readonly kind: 'settings';
  readonly selected: string | undefined;
  readonly top: number;
  /** By agent id, as far as they have come. */
  readonly settings: ReadonlyMap<string, AgentSettings>;
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
  return `${session.agent_id}/${session.uuid}`;
}

export function targetOf(session: SessionView): Target {
  const { agent_id: agentId, host, uuid, name } = session;
  return { agentId, host, uuid, name };
}

/** It waits for a person, ended badly, is damaged or locked: what `!` shows. */
export function needsAttention(session: SessionView): boolean {
  const { activity, exit_code, oom_killed, damaged, locked, running } = session;
  const waits = activity?.state === 'waiting' && running;
  const endedBadly = !running && (oom_killed === true || (exit_code !== undefined && exit_code !== 0));
  return waits || endedBadly || damaged !== undefined || locked;
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
  };
}
