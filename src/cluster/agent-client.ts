import { messageOf } from '../base/errors.ts';
import type { AttachHeader } from '../protocol/attach.ts';
import { RpcError } from '../protocol/error-codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { RpcOp, RpcParams, RpcResult } from '../protocol/rpc.ts';
import { connect } from '../ssh/client.ts';
import { callAgent } from './agent-call.ts';
import { AgentUnreachableError } from './agent-errors.ts';
import { type AgentTerminal, openTerminal } from './agent-terminal.ts';
import { turnMs } from './call-times.ts';
import { CallTurns } from './call-turns.ts';
import type { AgentCredentials, AgentRecord } from './registry.ts';

interface AttachOptions {
  /** For the whole of it, opening the channel included; by default what the contract gives the operation. */
  readonly timeoutMs?: number;
}

interface CallOptions extends AttachOptions {
  /** Aborted when nobody wants it any more: a call that still waits for its turn is never sent then. */
  readonly signal?: AbortSignal | undefined;
}

/** One connection to an agent's 222, with a channel for every call and every terminal. */
export interface AgentClient extends AsyncDisposable {
  /**
   * {@link RpcError} where the agent refuses, {@link AgentUnreachableError} where it gives no answer. Where as many as may
   * be are under way it waits for its turn, and is refused with `busy` where none comes.
   */
  call<Op extends RpcOp>(op: Op, params: RpcParams<Op>, options?: CallOptions): Promise<RpcResult<Op>>;
  /**
   * This and `list` are for who watches the agent, and asks for one of each at a time: none of `calls`, so that no number
   * of those delays the question whether the agent is up, or keeps it from being asked. Errors as of `call`.
   */
  ping(): Promise<RpcResult<'ping'>>;
  list(): Promise<RpcResult<'list'>>;
  /** Errors as of `call`. A stopped session is started first. */
  attach(header: AttachHeader, options?: AttachOptions): Promise<AgentTerminal>;
  /** How many terminals are open, or being opened. */
  readonly terminals: number;
  /** How many calls are under way. */
  readonly calls: number;
  /** Settles with the reason when the connection is gone, whoever ended it. */
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

/** Together below what the agent allows on a connection: neither terminals nor calls may starve who watches it. */
const MAX_CALLS = 20;
const MAX_TERMINALS = LIMITS.channelsPerConnection - MAX_CALLS - 4;
/** A script that has a hundred things done at once is served; one that has a thousand is told to do it more slowly. */
const MAX_WAITING = 100;

/** Connects to 222 with the pinned key. {@link AgentUnreachableError} says why it cannot. */
export async function connectAgent(
  record: Pick<AgentRecord, 'host' | 'address' | 'port'>,
  credentials: Pick<AgentCredentials, 'privateKey' | 'hostKey'>,
  options: { readonly timeoutMs?: number } = {},
): Promise<AgentClient> {
  const { host, address, port } = record;
  const { privateKey, hostKey } = credentials;
  const connection = await connect({ host: address, port, privateKey, hostKey, ...options }).catch(
    (cause: unknown) => {
      throw new AgentUnreachableError(host, `cannot reach the agent: ${messageOf(cause)}`, {
        sent: false,
        cause,
      });
    },
  );

  const turns = new CallTurns(host, MAX_CALLS, MAX_WAITING);
  let terminals = 0;
  return {
    call: (op, params, { timeoutMs, signal } = {}) =>
      turns.run(() => callAgent(connection, host, { op, params }, timeoutMs), { waitMs: turnMs(op), signal }),
    ping: () => callAgent(connection, host, { op: 'ping', params: null }),
    list: () => callAgent(connection, host, { op: 'list', params: null }),
    attach: async (header, { timeoutMs } = {}) => {
      if (terminals >= MAX_TERMINALS)
        throw new RpcError('busy', `${MAX_TERMINALS} terminals of ${host} are open`);
      terminals += 1;
      const closed = (): void => {
        terminals -= 1;
      };
      try {
        return (await openTerminal(connection, host, header, timeoutMs)).once('close', closed);
      } catch (error) {
        closed();
        throw error;
      }
    },
    get terminals() {
      return terminals;
    },
    get calls() {
      return turns.running;
    },
    closed: connection.closed,
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
