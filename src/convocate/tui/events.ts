import type { RpcOp, Screen } from '../../protocol/rpc.ts';
import type { Size } from '../own-device.ts';
import type { Cluster, Message } from './state.ts';
import type { Target } from './target.ts';

/** A key as the terminal sends it: a character, or a key with a name; pasted text comes as one, whatever is in it. */
export type Key =
  | { readonly name: KeyName; readonly shift?: boolean }
  | { readonly name: 'text'; readonly text: string; readonly pasted?: boolean }
  | { readonly name: 'ctrl'; readonly letter: string };

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'pageUp'
  | 'pageDown'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'backspace'
  | 'delete';

/** Everything that can happen to the UI. */
export type TuiEvent =
  | { readonly kind: 'key'; readonly key: Key; readonly atMs: number }
  | { readonly kind: 'size'; readonly size: Size; readonly atMs: number }
  /** Once a second, for ages and notices. */
  | { readonly kind: 'tick'; readonly atMs: number }
  /** The cluster's picture, whole; `first` marks a snapshot: the first of all, or after the service was lost. */
  | { readonly kind: 'cluster'; readonly cluster: Cluster; readonly first: boolean; readonly atMs: number }
  /** How a {@link Call} ended. `result` is the answer of the operation as `protocol/rpc.ts` has it. */
  | {
      readonly kind: 'answer';
      readonly call: Call;
      readonly outcome: 'done' | 'refused' | 'failed';
      readonly result?: unknown;
      /** Of a call that did not come through: the agent's or the service's words, and what to do. */
      readonly problem?: string;
      readonly atMs: number;
    }
  | {
      readonly kind: 'screen';
      readonly key: string;
      readonly screen?: Screen;
      readonly problem?: string;
    }
  /** The operator came back from a session's terminal; `missed`: others that started to wait meanwhile, by `keyOf`. */
  | {
      readonly kind: 'back';
      readonly message: Message;
      readonly missed?: readonly string[];
      readonly atMs: number;
    }
  /** Keys were dropped: the operator was still typing for a session that was gone. */
  | { readonly kind: 'stray keys' };

/** One operation asked of an agent on behalf of the operator. */
export interface Call {
  readonly agentId: string;
  readonly host: string;
  readonly op: RpcOp;
  readonly params: unknown;
  /** The session it is about, where there is one. */
  readonly target?: Target;
}

/** What the UI wants done; the runner does it and brings the outcome back as an event. */
export type Effect =
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'attach'; readonly target: Target; readonly readOnly: boolean }
  /** From now on bring this session's screen, again and again; undefined: none. */
  | { readonly kind: 'preview'; readonly target: Target | undefined }
  /**
   * A bell and a desktop notice (OSC 9): someone is needed by these sessions, by `keyOf`. While another one has the terminal,
   * a bell alone, and the sessions come with `back`.
   */
  | { readonly kind: 'notify'; readonly text: string; readonly sessions: readonly string[] }
  | { readonly kind: 'quit' };

export interface Step<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
