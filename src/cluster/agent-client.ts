import { messageOf } from '../base/errors.ts';
import type { AttachHeader } from '../protocol/attach.ts';
import { RpcError } from '../protocol/error-codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { RpcOp, RpcParams, RpcResult } from '../protocol/rpc.ts';
import { connect } from '../ssh/client.ts';
import { callAgent } from './agent-call.ts';
import { AgentUnreachableError } from './agent-errors.ts';
import { type AgentTerminal, openTerminal } from './agent-terminal.ts';
import type { AgentCredentials, AgentRecord } from './registry.ts';

interface CallOptions {
  /** For the whole call, opening its channel included; by default what the contract gives the operation. */
  readonly timeoutMs?: number;
}

/** One connection to an agent's 222, with a channel for every call and every terminal. */
export interface AgentClient extends AsyncDisposable {
  /** {@link RpcError} where the agent refuses, {@link AgentUnreachableError} where it gives no answer. */
  call<Op extends RpcOp>(op: Op, params: RpcParams<Op>, options?: CallOptions): Promise<RpcResult<Op>>;
  /** Errors as of `call`. A stopped session is started first. */
  attach(header: AttachHeader, options?: CallOptions): Promise<AgentTerminal>;
  /** How many terminals are open, or being opened. */
  readonly terminals: number;
  /** How many calls are under way. */
  readonly calls: number;
  /** Settles with the reason when the connection is gone, whoever ended it. */
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

/** Together below what the agent allows on a connection: terminals must never starve the calls. */
const MAX_CALLS = 20;
const MAX_TERMINALS = LIMITS.channelsPerConnection - MAX_CALLS - 4;

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

  let calls = 0;
  let terminals = 0;
  return {
    call: async (op, params, { timeoutMs } = {}) => {
      if (calls >= MAX_CALLS) throw new RpcError('busy', `${MAX_CALLS} calls to ${host} are under way`);
      calls += 1;
      try {
        return await callAgent(connection, host, { op, params }, timeoutMs);
      } finally {
        calls -= 1;
      }
    },
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
      return calls;
    },
    closed: connection.closed,
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
