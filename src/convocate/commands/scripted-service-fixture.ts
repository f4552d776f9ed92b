import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { pollUntil } from '../../base/deadline.ts';
import type { AgentView, ClusterChange, SessionView, ShellRequest } from '../../protocol/shell-socket.ts';
import { runProgram } from '../run-program.ts';
import { type SocketServer, serveSocket } from '../status-service/socket-server.ts';

export function agentView(fields: Partial<AgentView> = {}): AgentView {
  const plain = { agent_id: 'aaaaaaaa', host: 'one', up: true, since: '2026-01-01T00:00:00Z' };
  return { ...plain, version: 'v1', image_tag: 'convocate:v1', load: [], ...fields };
}

export function sessionView(fields: Partial<SessionView> = {}): SessionView {
  return {
    uuid: '11111111-1111-4111-8111-111111111111',
    name: 'api',
    agent_id: 'aaaaaaaa',
    host: 'one',
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: '2026-01-01T00:00:00Z',
    last_accessed: '',
    attached: 0,
    running: true,
    image: 'convocate:v1',
    container_id: 'c1',
    started_at: '2026-01-01T00:00:00Z',
    locked: false,
    stale: false,
    older_image: false,
    ...fields,
  };
}

type Call = Extract<ShellRequest, { op: 'call' }>['rpc'];
type Answer = (params: unknown) => unknown;

/** A status service on a socket of its own that answers as the test says, and refuses what the test did not foresee. */
export class ScriptedService implements AsyncDisposable {
  agents: AgentView[] = [agentView()];
  sessions: SessionView[] = [sessionView()];
  /** By operation; what it throws is told as a refusal with the code `not_found`. */
  readonly answers = new Map<string, Answer>();
  readonly calls: Call[] = [];
  readonly socketPath: string;
  readonly #dir: string;
  readonly #watchers = new Set<Socket>();
  #server: SocketServer | undefined;

  private constructor(dir: string) {
    this.#dir = dir;
    this.socketPath = join(dir, 'shell.sock');
  }

  static async start(): Promise<ScriptedService> {
    const service = new ScriptedService(await mkdtemp(join(tmpdir(), 'convocate-scripted-')));
    service.#server = await serveSocket({
      path: service.socketPath,
      serve: async (line, socket) => service.#answer(JSON.parse(line) as ShellRequest, socket),
      onProblem: (problem) => {
        throw new Error(problem);
      },
    });
    return service;
  }

  /** Tells everyone who watches; {@link watched} waits until there is someone. */
  push(change: ClusterChange): void {
    for (const socket of this.#watchers) socket.write(`${JSON.stringify(change)}\n`);
  }

  dropWatchers(): void {
    for (const socket of this.#watchers) socket.destroy();
    this.#watchers.clear();
  }

  async watched(): Promise<void> {
    const probe = async (): Promise<true | undefined> => this.#watchers.size > 0 || undefined;
    await pollUntil(probe, { timeoutMs: 10_000, intervalMs: 5, what: 'a watcher' });
  }

  /** Runs a line of `convocate` against this service, and gives what it printed. */
  async run(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    vi.stubEnv('CONVOCATE_SOCKET', this.socketPath);
    const [stdout, stderr] = [process.stdout, process.stderr].map((stream) => {
      const spy = vi.spyOn(stream, 'write').mockReturnValue(true);
      return () => {
        const text = spy.mock.calls.map(([chunk]) => String(chunk)).join('');
        spy.mockRestore();
        return text;
      };
    });
    const exitCode = await runProgram(words);
    return { exitCode, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropWatchers();
    await this.#server?.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  #answer(request: ShellRequest, socket: Socket): void {
    if (request.op === 'watch') {
      const { agents, sessions } = this;
      this.#watchers.add(socket);
      socket.on('end', () => socket.destroy());
      socket.on('close', () => this.#watchers.delete(socket));
      socket.resume();
      const result = { name: 'test', version: 'v1', load: [], agents, sessions };
      socket.write(`${JSON.stringify({ ok: true, result })}\n`);
      return;
    }
    socket.end(`${JSON.stringify(this.#resultOf(request))}\n`);
  }

  #resultOf(request: ShellRequest): unknown {
    if (request.op === 'agents') return { ok: true, result: this.agents };
    if (request.op === 'sessions') return { ok: true, result: this.sessions };
    if (request.op !== 'call') return { ok: false, code: 'unknown_op', error: request.op };
    this.calls.push(request.rpc);
    const answer = this.answers.get(request.rpc.op);
    if (!answer) return { ok: false, code: 'refused', error: `not foreseen: ${request.rpc.op}` };
    try {
      return { ok: true, result: answer(request.rpc.params) };
    } catch (error) {
      return { ok: false, code: 'not_found', error: error instanceof Error ? error.message : '' };
    }
  }
}
