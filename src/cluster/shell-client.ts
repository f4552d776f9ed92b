import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { addAbortSignal } from 'node:stream';
import * as z from 'zod/mini';
import { withDeadline } from '../base/deadline.ts';
import type { AttachHeader } from '../protocol/attach.ts';
import { SHELL_HOST } from '../protocol/host-layout.ts';
import { LIMITS } from '../protocol/limits.ts';
import { RPC, type RpcOp, type RpcParams, type RpcResult } from '../protocol/rpc.ts';
import {
  AgentView,
  AttachAccepted,
  type Operator,
  SHELL_ANSWER_BYTES,
  SessionView,
  type ShellRequest,
} from '../protocol/shell-socket.ts';
import { readFirstLine, writeJsonLine } from '../ssh/json-channel.ts';
import { callMs, turnMs } from './call-times.ts';
import { ClusterWatch, type WatchNews } from './cluster-watch.ts';
import { serviceErrorOf } from './service-error.ts';
import { ShellAnswer, operatorErrorOf } from './shell-answer.ts';

/** A terminal through the service, as its header asked for it; ending the socket ends it. It comes paused: resume it. */
export interface ShellTerminal {
  readonly socket: Socket;
  /** What came together with the answer: the terminal's first bytes. */
  readonly first: Buffer;
  resize(cols: number, rows: number): Promise<void>;
}

/** The service's own deadlines come first; this one is for a service that hangs. */
const SERVICE_GRACE_MS = 15_000;
/** Long enough for a session that must be started first. */
const ATTACH_MS = LIMITS.changeCallMs + SERVICE_GRACE_MS;

export interface AttachCallOptions {
  /** For the whole of it. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Speaks to the status service of this shell host, one connection per request. Refusals and a service that is not
 * there come as errors fit for an operator.
 */
export class ShellClient {
  readonly #socketPath: string;
  readonly #operator: Operator;

  constructor(operator: Operator, socketPath: string = SHELL_HOST.socket) {
    this.#operator = operator;
    this.#socketPath = socketPath;
  }

  async agents(): Promise<AgentView[]> {
    return z.array(AgentView).parse(await this.#ask({ op: 'agents' }, LIMITS.readCallMs));
  }

  async sessions(): Promise<SessionView[]> {
    return z.array(SessionView).parse(await this.#ask({ op: 'sessions' }, LIMITS.readCallMs));
  }

  async call<Op extends RpcOp>(agentId: string, op: Op, params: RpcParams<Op>): Promise<RpcResult<Op>> {
    const timeoutMs = turnMs(op) + callMs(op) + SERVICE_GRACE_MS;
    const request: ShellRequest = {
      op: 'call',
      agent_id: agentId,
      rpc: { op, params },
      operator: this.#operator,
    };
    return RPC[op].result.parse(await this.#ask(request, timeoutMs)) as RpcResult<Op>;
  }

  /** Tells all there is, then what changes, for ever; see {@link ClusterWatch}. */
  watch(onNews: (news: WatchNews) => void): ClusterWatch {
    return new ClusterWatch(this.#socketPath, onNews);
  }

  /** Rejects when `signal` is aborted before it is there. */
  async attach(
    agentId: string,
    header: AttachHeader,
    { timeoutMs = ATTACH_MS, signal }: AttachCallOptions = {},
  ): Promise<ShellTerminal> {
    const request: ShellRequest = { op: 'attach', agent_id: agentId, header, operator: this.#operator };
    const { socket, result, rest } = await this.#exchange(request, timeoutMs, signal);
    const { attach_id } = AttachAccepted.parse(result);
    return {
      socket,
      first: rest,
      resize: async (cols, rows) => {
        await this.#ask({ op: 'resize', attach_id, cols, rows }, LIMITS.readCallMs);
      },
    };
  }

  async #ask(request: ShellRequest, timeoutMs: number): Promise<unknown> {
    const { socket, result } = await this.#exchange(request, timeoutMs);
    socket.destroy();
    return result;
  }

  async #exchange(
    request: ShellRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<{ socket: Socket; result: unknown; rest: Buffer }> {
    const socket = connect(this.#socketPath);
    if (signal) addAbortSignal(signal, socket);
    try {
      await withDeadline(once(socket, 'connect'), timeoutMs, 'connecting');
      socket.on('error', () => {}); // told by the end of the stream
      writeJsonLine(socket, request);
      const { line, rest } = await withDeadline(
        readFirstLine(socket, SHELL_ANSWER_BYTES),
        timeoutMs,
        'the answer',
      );
      const answer = ShellAnswer.parse(JSON.parse(line));
      if (!answer.ok) throw operatorErrorOf(answer);
      return { socket, result: answer.result, rest };
    } catch (error) {
      socket.destroy();
      throw serviceErrorOf(error, this.#socketPath);
    }
  }
}
