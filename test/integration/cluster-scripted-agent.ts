import { randomUUID } from 'node:crypto';
import type { ServerChannel } from 'ssh2';
import { registerAgent } from '../../src/cluster/register-agent.ts';
import { AttachHeader } from '../../src/protocol/attach.ts';
import { SUBSYSTEM } from '../../src/protocol/limits.ts';
import type { Session } from '../../src/protocol/session.ts';
import type { StatusEventBody } from '../../src/protocol/status-events.ts';
import { type SshConnection, connect } from '../../src/ssh/client.ts';
import { readFirstLine, writeJsonLine } from '../../src/ssh/json-channel.ts';
import { type KeyPair, generateKeyPair, publicBlobOf } from '../../src/ssh/keys.ts';
import { type Listener, listen } from '../../src/ssh/listener.ts';

export type Answer = { ok: true; result: unknown } | { ok: false; error: string; code: string };
type Handler = (params: Record<string, unknown>) => Answer | Promise<Answer>;

export interface TerminalOfAgent {
  readonly header: AttachHeader;
  readonly channel: ServerChannel;
  readonly sizes: [cols: number, rows: number][];
}

/** An agent that answers what the test tells it to, on a real listener with real keys. */
export class ScriptedAgent implements AsyncDisposable {
  readonly agentId: string;
  readonly host: string;
  readonly sessions = new Map<string, Session>();
  /** Overrides an operation; one that never settles is a hung agent. */
  readonly handlers = new Map<string, Handler>();
  readonly calls: string[] = [];
  readonly terminals: TerminalOfAgent[] = [];
  imageTag = 'convocate:v2';
  /** What an attach does with its channel; by default a screen with a prompt that echoes what is typed. */
  onAttach: (terminal: TerminalOfAgent) => void = ({ channel }) => {
    channel.write('\u001b[?1049hready> ');
    channel.pipe(channel, { end: false });
    channel.on('end', () => {
      channel.exit(0);
      channel.end();
    });
  };
  readonly #hostKey = soundKeyPair('host');
  readonly #shellKey = soundKeyPair('shell');
  readonly statusKey = soundKeyPair('status');
  #listener: Listener | undefined;
  #port = 0;

  constructor(agentId: string, host: string) {
    this.agentId = agentId;
    this.host = host;
  }

  addSession(name: string, fields: Partial<Session> = {}): Session {
    const session: Session = {
      uuid: randomUUID(),
      name,
      port: 0,
      protocol: 'tcp',
      dns_name: '',
      created_at: '2026-01-02T03:04:05Z',
      last_accessed: '',
      agent_id: this.agentId,
      attached: 0,
      running: false,
      image: '',
      container_id: '',
      started_at: '',
      locked: false,
      ...fields,
    };
    this.sessions.set(session.uuid, session);
    return session;
  }

  /** Listens, on the same port as before where it has listened before. */
  async start(): Promise<void> {
    const shell = publicBlobOf(this.#shellKey.publicKey);
    this.#listener = await listen<string>({
      hostKey: this.#hostKey.privateKey,
      address: '127.0.0.1',
      port: this.#port,
      identify: (key) => (key.equals(shell) ? 'shell' : undefined),
      subsystems: {
        // a shell that goes away in the middle is no matter of the agent's
        [SUBSYSTEM.rpc]: (channel) => void this.#answer(channel).catch(() => {}),
        [SUBSYSTEM.attach]: (channel, context) => {
          void readFirstLine(channel).then(({ line, rest }) => {
            if (rest.length > 0) channel.unshift(rest);
            const sizes: [number, number][] = [];
            const terminal = { header: AttachHeader.parse(JSON.parse(line)), channel, sizes };
            context.onResize((cols, rows) => sizes.push([cols, rows]));
            this.terminals.push(terminal);
            this.onAttach(terminal);
          });
        },
      },
    });
    this.#port = this.#listener.port;
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Where it listens; 0 before it did. */
  get port(): number {
    return this.#port;
  }

  /** Once more, it mends the entry. `port` is where it is dialled, by default where it listens. */
  async register(dir: string, { host = this.host, port = this.#port } = {}): Promise<void> {
    await registerAgent(
      {
        agentId: this.agentId,
        host,
        address: '127.0.0.1',
        port,
        registeredAt: '2026-01-01T00:00:00Z',
      },
      {
        shellToAgentPrivateKey: this.#shellKey.privateKey,
        hostPublicKey: this.#hostKey.publicKey,
        agentToShellPublicKey: this.statusKey.publicKey,
      },
      dir,
    );
  }

  /** A connection to 223 and the way to send events on it; `seq` counts by itself unless it is given. */
  async sendEvents(port: number, hostKey: Buffer): Promise<EventSender> {
    const connection = await connect({
      host: '127.0.0.1',
      port,
      hostKey,
      privateKey: this.statusKey.privateKey,
    });
    const channel = await connection.openSubsystem(SUBSYSTEM.status);
    let seq = 0;
    return {
      connection,
      send: (body, overrides = {}) => {
        seq += 1;
        const envelope = { agent_id: this.agentId, seq, timestamp: new Date().toISOString() };
        const event = { ...envelope, ...body, ...overrides };
        seq = event.seq;
        writeJsonLine(channel, event);
      },
      sendRaw: (text) => void channel.write(text),
    };
  }

  async #answer(channel: ServerChannel): Promise<void> {
    const { line } = await readFirstLine(channel);
    const { op, params } = JSON.parse(line) as { op: string; params: Record<string, unknown> };
    this.calls.push(op);
    const answer = await (this.handlers.get(op) ?? this.#standard(op))(params);
    writeJsonLine(channel, answer);
    channel.exit(0);
    channel.end();
  }

  #standard(op: string): Handler {
    if (op === 'ping')
      return () => ({
        ok: true,
        result: {
          agent_id: this.agentId,
          version: 'v2',
          protocol: 1,
          server_time: new Date().toISOString(),
          image_tag: this.imageTag,
        },
      });
    if (op === 'list') return () => ({ ok: true, result: [...this.sessions.values()] });
    if (op === 'create')
      return (params) => ({ ok: true, result: this.addSession(String(params['name']), params) });
    if (op === 'get') return (params) => ({ ok: true, result: this.sessions.get(String(params['id'])) });
    if (op === 'delete')
      return (params) => {
        this.sessions.delete(String(params['id']));
        return { ok: true, result: null };
      };
    if (op === 'kill' || op === 'restart')
      return (params) => {
        const session = this.sessions.get(String(params['id']));
        if (!session) return { ok: false, error: 'no such session', code: 'not_found' };
        if (op === 'restart' && session.running)
          return { ok: false, error: `${session.name} is running`, code: 'conflict' };
        this.sessions.set(session.uuid, { ...session, running: op === 'restart' });
        return { ok: true, result: null };
      };
    return () => ({ ok: false, error: `no operation ${op}`, code: 'unknown_op' });
  }
}

export interface EventSender {
  readonly connection: SshConnection;
  send(body: StatusEventBody, overrides?: { agent_id?: string; seq?: number }): void;
  sendRaw(text: string): void;
}

/** ssh2 1.17 cuts a leading zero byte off a new public key, so that 1 pair in 256 is damaged. */
export function soundKeyPair(comment: string): KeyPair {
  for (;;) {
    const pair = generateKeyPair(comment);
    try {
      publicBlobOf(pair.privateKey);
      return pair;
    } catch {
      // another one
    }
  }
}
