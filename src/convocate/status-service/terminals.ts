import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { AgentTerminal } from '../../cluster/agent-terminal.ts';
import type { LiveView } from '../../cluster/live-view.ts';
import { AttachHeader } from '../../protocol/attach.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import type { ShellRequest } from '../../protocol/shell-socket.ts';
import { writeJsonLine } from '../../ssh/json-channel.ts';
import { leaveUnseen } from './leave-unseen.ts';
import { logged, reachableAgent } from './requests.ts';
import { relay } from './relay.ts';
import type { Logger } from './service-log.ts';

type AttachRequest = Extract<ShellRequest, { op: 'attach' }>;
type ResizeRequest = Extract<ShellRequest, { op: 'resize' }>;

/** False where the client has gone meanwhile: opening a terminal may take minutes, and whoever waits may change their mind. */
async function isTaken(socket: Socket, answer: unknown): Promise<boolean> {
  return await new Promise((resolve) => {
    writeJsonLine(socket, answer, (error) => resolve(!error));
  });
}

/** The terminals that are relayed just now, by the id that their client resizes them with. */
export class Terminals {
  readonly #live: LiveView;
  readonly #log: Logger;
  readonly #open = new Map<string, AgentTerminal>();

  constructor(live: LiveView, log: Logger) {
    this.#live = live;
    this.#log = log;
  }

  /** Attaches, answers on `socket`, and relays until either side ends. `rest` is what came behind the request. */
  async attach(request: AttachRequest, socket: Socket, rest: Buffer): Promise<void> {
    const { agent_id: agentId, header, operator } = request;
    const deed = { op: 'attach', agentId, live: this.#live, operator, params: header };
    this.#live.wake(agentId);
    const terminal = await logged(this.#log, deed, async () => {
      const { client } = reachableAgent(this.#live, agentId);
      return await client.attach(header);
    });
    const attachId = randomUUID();
    this.#open.set(attachId, terminal);
    try {
      if (!(await isTaken(socket, { ok: true, result: { attach_id: attachId } }))) {
        await leaveUnseen(terminal, header);
        return;
      }
      if (rest.length > 0) terminal.write(rest);
      await relay(socket, terminal);
    } finally {
      this.#open.delete(attachId);
      this.#log.info({ agent: agentId, session: header.id, who: operator }, 'detached');
    }
  }

  resize(request: ResizeRequest): void {
    const size = AttachHeader.safeParse({
      id: '00000000-0000-4000-8000-000000000000', // the header's rule for sizes is the one that holds here too
      cols: request.cols,
      rows: request.rows,
    });
    if (!size.success) throw new RpcError('bad_request', 'cols and rows must be 1 to 1000');
    const terminal = this.#open.get(request.attach_id);
    if (!terminal) throw new RpcError('not_found', 'no such terminal is open');
    terminal.resize(size.data.cols, size.data.rows);
  }
}
