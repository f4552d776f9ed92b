import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ShellClient, ShellTerminal } from '../../cluster/shell-client.ts';
import type { AttachTarget } from './attach-end.ts';
import type { DialRequest } from './keep-attached.ts';

/** A try to come back is repeated; a service or an agent that hangs must not use up the time for it. */
const DIAL_MS = 8_000;

/** The way to one session's terminal, and the id of the terminal there. */
export class SessionLine {
  readonly #shell: ShellClient;
  readonly #target: AttachTarget;
  readonly #readOnly: boolean;
  #terminalId = randomUUID();

  constructor(shell: ShellClient, target: AttachTarget, readOnly: boolean) {
    this.#shell = shell;
    this.#target = target;
    this.#readOnly = readOnly;
  }

  /** The first terminal; a stopped session is started for it. */
  async open(size: DialRequest['size'], signal?: AbortSignal): Promise<ShellTerminal> {
    const header = { ...this.#header(size), resumable: { terminal_id: this.#terminalId } };
    return await this.#shell.attach(this.#target.agent_id, header, { signal });
  }

  /** Back to the terminal, or to a new one of a session that still runs. */
  async dial({ received, size }: DialRequest, signal: AbortSignal): Promise<Duplex> {
    if (received === undefined) this.#terminalId = randomUUID();
    const resumable = { terminal_id: this.#terminalId, ...(received !== undefined && { received }) };
    const header = { ...this.#header(size), start: false, resumable };
    const options = { timeoutMs: DIAL_MS, signal };
    const { socket, first } = await this.#shell.attach(this.#target.agent_id, header, options);
    if (first.length > 0) socket.unshift(first);
    return socket;
  }

  #header(size: DialRequest['size']): Parameters<ShellClient['attach']>[1] {
    return {
      id: this.#target.uuid,
      ...size,
      term: knownTerm(process.env['TERM']),
      read_only: this.#readOnly,
    };
  }
}

/** The wire takes plain names only; whatever else TERM may hold, most terminals resemble this one. */
function knownTerm(term: string | undefined): string {
  return term !== undefined && /^[A-Za-z0-9._+-]{1,64}$/.test(term) ? term : 'xterm-256color';
}
