import type { AgentSettings } from '../../protocol/agent-settings.ts';
import type { Target } from './target.ts';

/** What may lie over the list, one at a time; it takes the keys. */
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
  /** What stood there when the form opened: what is still the same is not sent. Absent where all is sent. */
  readonly initial?: string;
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
  /** Index of the first line shown, a long message being several; undefined for the end. */
  readonly top: number | undefined;
}

/** Versions, images, use and settings of every agent; Enter on one opens the form with its settings. */
export interface SettingsDialog {
  readonly kind: 'settings';
  readonly selected: string | undefined;
  readonly top: number;
  /** By agent id, as far as they have come. */
  readonly settings: ReadonlyMap<string, AgentSettings>;
  /** Ids of the agents that have not answered yet. */
  readonly asking: ReadonlySet<string>;
  /** By agent id: why they did not come, until they are asked for again. */
  readonly problems: ReadonlyMap<string, string>;
}
