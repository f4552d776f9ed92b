import type { ServerChannel } from 'ssh2';
import { messageOf } from '../../base/errors.ts';
import type { AttachHeader, Resumable } from '../../protocol/attach.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import type { Agent } from '../sessions/agent.ts';
import { announce } from '../sessions/describe-session.ts';
import type { SizeFollower } from './follow-size.ts';
import { HeldTerminal } from './held-terminal.ts';
import type { SessionTerminal } from './session-terminal.ts';
import type { SessionUse } from './session-use.ts';
import { whyEnded } from './why-ended.ts';

/** Held ones too, which no limit of a connection counts. */
const MOST = 128;

interface Entry {
  readonly sessionId: string;
  readonly peer: string;
  readonly held: HeldTerminal;
  readonly terminal: SessionTerminal;
  readonly size: SizeFollower;
}

export interface NewTerminal {
  readonly header: AttachHeader;
  readonly resumable: Resumable;
  readonly peer: string;
  readonly terminal: SessionTerminal;
  readonly size: SizeFollower;
  readonly use: SessionUse;
}

/** The terminals that outlive their channels, by the id that their clients gave them. */
export class HeldTerminals {
  readonly #agent: Agent;
  readonly #entries = new Map<string, Entry>();

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  /** Throws `conflict` where the id is taken, `busy` where too many are open: before anything is opened for it. */
  requireFree({ terminal_id: id }: Resumable): void {
    if (this.#entries.size >= MOST) throw new RpcError('busy', `${MOST} terminals are open or held`);
    if (this.#entries.has(id)) throw new RpcError('conflict', `terminal ${id} is open already`);
  }

  /** A new terminal and its first client. Settles when the terminal is gone from the container. */
  async open(channel: ServerChannel, typed: Buffer, opened: NewTerminal): Promise<void> {
    const { header, resumable, peer, terminal, size, use } = opened;
    const log = this.#agent.log.child({ session: header.id, terminal: resumable.terminal_id });
    const held = new HeldTerminal({
      stream: terminal.stream,
      resize: (cols, rows) => size.resize(cols, rows),
      onKeys: () => use.typed(),
      onLost: (why) => log.info({ why }, 'attach: the connection was lost; the terminal is held'),
    });
    this.#entries.set(resumable.terminal_id, { sessionId: header.id, peer, held, terminal, size });
    void held.over.then(() => this.#entries.delete(resumable.terminal_id));
    if (typed.length > 0) channel.unshift(typed);
    held.connect(channel, 0);
    await this.#live(header.id, held, terminal, use);
  }

  /**
   * Goes on with a terminal that is held, or whose old channel only seems to be alive. `not_found` where there is none
   * of this id for this session and this peer; `conflict` where the output that the client lacks is not kept.
   */
  resume(channel: ServerChannel, typed: Buffer, header: AttachHeader, peer: string): void {
    const { terminal_id: id = '', received = 0 } = header.resumable ?? {};
    const entry = this.#entries.get(id);
    if (!entry || entry.sessionId !== header.id || entry.peer !== peer)
      throw new RpcError('not_found', 'this terminal is not held any more; open a new one');
    if (typed.length > 0) channel.unshift(typed);
    try {
      entry.held.connect(channel, received);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RpcError('conflict', `the terminal cannot go on at byte ${received}: ${error.message}`);
    }
    entry.size.resize(header.cols, header.rows);
    // The client had something of its own on the screen meanwhile.
    entry.terminal.redraw().catch((error: unknown) => {
      this.#agent.log.info({ session: header.id }, `attach: no redraw: ${messageOf(error)}`);
    });
  }

  async #live(
    sessionId: string,
    held: HeldTerminal,
    terminal: SessionTerminal,
    use: SessionUse,
  ): Promise<void> {
    const agent = this.#agent;
    const { promise: ended, resolve: markEnded } = Promise.withResolvers<void>();
    const closed = new Promise<void>((resolve) => terminal.stream.once('close', () => resolve()));
    terminal.stream.on('error', (error) =>
      agent.log.warn({ err: error, session: sessionId }, 'attach: terminal failed'),
    );
    let stopping = false;
    let abandoned = false;
    void held.abandoned.then(() => (abandoned = true));
    const remove = agent.attached.add(sessionId, {
      detach: async (why) => {
        if (why === 'stopping') {
          stopping = true;
          held.closeKeys(); // first: a key that tmux does not get any more must not count as taken
        }
        held.discardRest();
        await terminal.detach();
      },
      ended,
    });
    try {
      await announce(agent, 'container.attached', sessionId);
      await Promise.race([closed, held.abandoned]);
      held.discardRest();
      await terminal.detach();
    } catch (error) {
      agent.log.warn(
        { session: sessionId },
        `attach: a client may be left in the container: ${messageOf(error)}`,
      );
    } finally {
      remove();
      if (abandoned) held.close();
      else held.end(stopping ? { reason: 'stopping' } : await whyEnded(agent, sessionId, held.lastWords));
      terminal.stream.destroy();
      if (!stopping) await use.note(); // a restart of the agent is nobody's use
      await announce(agent, 'container.detached', sessionId);
      markEnded();
    }
  }
}
