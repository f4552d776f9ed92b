import { type RpcResult, RPC } from '../../protocol/rpc.ts';
import type { Call } from './events.ts';
import { sessionOf } from './gate.ts';
import { currentImage } from './operate.ts';
import { nameOnHost } from './session-words.ts';
import type { TuiState } from './state.ts';

/** An operation's result as the contract has it; undefined where it is no such thing. */
export function resultOf<Op extends keyof typeof RPC>(op: Op, result: unknown): RpcResult<Op> | undefined {
  const read = RPC[op].result.safeParse(result);
  return read.success ? (read.data as RpcResult<Op>) : undefined;
}

/** What was done, in a line; undefined where nobody needs to be told. */
export function doneWords(state: TuiState, call: Call, result: unknown): string | undefined {
  const on = aboutWords(call);
  switch (call.op) {
    case 'kill':
      return `killed ${on}${restartWords(state, call)}`;
    case 'restart':
      return `restarted ${on}`;
    case 'delete':
      return `deleted ${on}`;
    case 'background':
      return `detached everyone from ${on}`;
    case 'override':
      return `cleared the lock of ${on}`;
    case 'create':
      return `created ${on}; Enter starts it`;
    case 'clone':
      return `cloned ${on}${cloneWords(result)}`;
    case 'edit':
      return `edited ${on}${resultOf('edit', result)?.running ? '; port and DNS name apply at its next restart' : ''}`;
    case 'settings-set':
      return `changed ${Object.keys(Object(call.params)).join(', ')} of ${call.host}; sessions started from now on have it`;
    default:
      return undefined;
  }
}

/** What was wanted, as the words in front of what came in between. */
export function wantedWords(call: Call): string {
  return `${OPERATORS_WORD[call.op] ?? call.op}: ${aboutWords(call)}`;
}

const OPERATORS_WORD: Partial<Record<Call['op'], string>> = {
  create: 'new',
  'settings-get': 'settings',
  'settings-set': 'settings',
};

function aboutWords({ target, host, params }: Call): string {
  if (target) return nameOnHost(target);
  const name = nameIn(params);
  return name === undefined ? host : `${name} on ${host}`;
}

function nameIn(params: unknown): string | undefined {
  const read = RPC.create.params.safeParse(params);
  return read.success ? read.data.name : undefined;
}

function restartWords(state: TuiState, { agentId, target }: Call): string {
  const session = target && sessionOf(state, target);
  const image = session?.older_image ? currentImage(state, agentId) : undefined;
  return `; (R)estart brings it up${image === undefined ? '' : ` on ${image}`}`;
}

function cloneWords(result: unknown): string {
  const clone = resultOf('clone', result);
  if (!clone) return '';
  const left = clone.skipped_files;
  return ` as ${clone.name}${left ? `; ${left} special files (sockets, pipes, devices) were left out` : ''}`;
}
