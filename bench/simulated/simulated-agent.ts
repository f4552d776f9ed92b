// One agent that is real to the shell in all it says: its own listener for calls, its own connection for events, with
// its own keys. Only behind them there is no Docker and no session.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { HEARTBEAT_MS } from '../../src/convocate-agent/status/heartbeat.ts';
import { StatusPublisher } from '../../src/convocate-agent/status/publisher.ts';
import type { Session } from '../../src/protocol/session.ts';
import type { SessionEventType } from '../../src/protocol/status-events.ts';
import { ScriptedAgent } from '../../test/integration/cluster-scripted-agent.ts';
import { Gate } from './gate.ts';

const GIB = 2 ** 30;

export interface SimulatedAgentOptions {
  readonly agentId: string;
  readonly host: string;
  /** For its files. */
  readonly directory: string;
  /** Where the status service takes events, and the public half of the key that it shows there. */
  readonly statusPort: number;
  readonly statusHostKey: string;
}

export class SimulatedAgent implements AsyncDisposable {
  readonly #options: SimulatedAgentOptions;
  readonly #scripted: ScriptedAgent;
  readonly #calls = new Gate(() => this.#scripted.port);
  readonly #events: Gate;
  #publisher: StatusPublisher | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #beats = 0;

  constructor(options: SimulatedAgentOptions) {
    this.#options = options;
    this.#scripted = new ScriptedAgent(options.agentId, options.host);
    this.#events = new Gate(() => options.statusPort);
    this.#scripted.handlers.set('screen', (params) => ({ ok: true, result: this.#screen(params) }));
  }

  get agentId(): string {
    return this.#options.agentId;
  }

  get sessions(): readonly Session[] {
    return [...this.#scripted.sessions.values()];
  }

  /** Listens, is registered in `agentKeys`, and tells the status service of itself from now on. */
  async start(agentKeys: string): Promise<void> {
    await Promise.all([this.#calls.open(), this.#events.open()]);
    await this.comeBack();
    await this.#scripted.register(agentKeys, { port: this.#calls.port });
  }

  /** Changes a session and says so, as an agent does at once. */
  change(uuid: string, fields: Partial<Session>, type: SessionEventType = 'container.activity'): void {
    const session = this.#scripted.sessions.get(uuid);
    if (!session) throw new Error(`${this.agentId} has no session ${uuid}`);
    const data = { ...session, ...fields };
    this.#scripted.sessions.set(uuid, data);
    this.#publisher?.publish({ type, session_id: uuid, data });
  }

  addSession(name: string, fields: Partial<Session> = {}): Session {
    const data = this.#scripted.addSession(name, fields);
    this.#publisher?.publish({ type: 'container.created', session_id: data.uuid, data });
    return data;
  }

  removeSession(uuid: string): void {
    const data = this.#scripted.sessions.get(uuid);
    if (!data) throw new Error(`${this.agentId} has no session ${uuid}`);
    this.#scripted.sessions.delete(uuid);
    this.#publisher?.publish({ type: 'container.deleted', session_id: uuid, data });
  }

  /** Answers nothing and closes nothing, like a process that was stopped. */
  hang(): void {
    this.#calls.freeze();
    this.#events.freeze();
  }

  wake(): void {
    this.#calls.thaw();
    this.#events.thaw();
  }

  /** Its connections end, and nobody listens any more; its sessions stay. */
  async die(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#publisher?.close('it dies');
    this.#publisher = undefined;
    await this.#scripted.stop();
  }

  async comeBack(): Promise<void> {
    await this.#scripted.start();
    const { agentId, directory } = this.#options;
    const files = await this.#writeFiles(join(directory, agentId));
    this.#publisher = new StatusPublisher({
      ...files,
      agentId,
      snapshot: async () => ({ version: 'v2', sessions: [...this.sessions] }),
      started: () => ({
        type: 'agent.started',
        data: { version: 'v2', image_tag: this.#scripted.imageTag },
      }),
      now: () => new Date(),
      random: Math.random,
      log: pino({ enabled: false }),
    });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake();
    await this.die();
    await Promise.all([this.#calls[Symbol.asyncDispose](), this.#events[Symbol.asyncDispose]()]);
  }

  async #writeFiles(directory: string): Promise<{ shellHostFile: string; statusKeyFile: string }> {
    const shellHostFile = join(directory, 'shell-host.json');
    const statusKeyFile = join(directory, 'agent_to_shell_key');
    const shell = { host: '127.0.0.1', port: this.#events.port, host_key: this.#options.statusHostKey };
    await mkdir(directory, { recursive: true });
    await writeFile(shellHostFile, JSON.stringify(shell));
    await writeFile(statusKeyFile, this.#scripted.statusKey.privateKey, { mode: 0o600 });
    return { shellHostFile, statusKeyFile };
  }

  #beat(): void {
    this.#beats += 1;
    const running = this.sessions.filter((session) => session.running);
    const wave = 1 + (this.#beats % 7) / 10;
    this.#publisher?.publish({
      type: 'agent.heartbeat',
      data: {
        load: [wave, 1, 1],
        slice: {
          memory_bytes: running.length * GIB * wave,
          memory_max_bytes: 56 * GIB,
          cpu_usage_ns: this.#beats * 1e9,
          tasks: running.length * 12,
        },
        host: { cpus: 16, memory_bytes: 64 * GIB, memory_available_bytes: 40 * GIB },
        sessions: running.map(({ uuid }, index) => ({
          id: uuid,
          memory_bytes: Math.round(GIB * wave) + index,
          cpu_percent: Math.round(10 * wave) + (index % 5),
        })),
      },
    });
  }

  #screen({ id }: Record<string, unknown>): object {
    const session = this.#scripted.sessions.get(String(id));
    const lines = Array.from({ length: 22 }, (_, line) => `${session?.name}: line ${line} of its screen`);
    const text = [...lines, '> what shall I do next?'].join('\n');
    return { text, cols: 80, rows: 24, title: session?.name ?? '', cursor: { x: 2, y: 22 } };
  }
}
