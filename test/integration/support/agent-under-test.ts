// A running agent on the real engine, in directories of its own, and the clients a shell would use.
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { pino } from 'pino';
import type { Engine } from '../../../lab/engine.ts';
import { pollUntil, withDeadline } from '../../../src/base/deadline.ts';
import { type CommandResult, exitOf, runCommand, startProcess } from '../../../src/base/run-command.ts';
import { type ServeOptions, type ServedAgent, serveAgent } from '../../../src/convocate-agent/serve.ts';
import type { AgentPaths } from '../../../src/convocate-agent/sessions/paths.ts';
import { LABEL, containerNameOf } from '../../../src/protocol/host-layout.ts';
import { SUBSYSTEM } from '../../../src/protocol/limits.ts';
import { RPC, type RpcOp, type RpcParams, type RpcResult } from '../../../src/protocol/rpc.ts';
import { type SshConnection, connect } from '../../../src/ssh/client.ts';
import { readFirstLine } from '../../../src/ssh/json-channel.ts';
import { generateKeyPair, publicBlobOf } from '../../../src/ssh/keys.ts';

export type RawAnswer = { ok: true; result: unknown } | { ok: false; error: string; code: string };

export class AgentUnderTest {
  readonly root = mkdtempSync(join(tmpdir(), 'convocate-agent-test-'));
  readonly agentId = Array.from({ length: 8 }, () => Math.floor(Math.random() * 36).toString(36)).join('');
  readonly hostKey = generateKeyPair('host');
  readonly shellKey = generateKeyPair('shell');
  readonly homes = join(this.root, 'homes');
  readonly logFile = join(this.root, 'agent.log');
  readonly #options: Partial<ServeOptions>;
  #served: ServedAgent | undefined;
  #connection: SshConnection | undefined;
  #foreignPort: number | undefined;

  readonly #engine: Engine;

  constructor(engine: Engine, image: string, command: string, options: Partial<ServeOptions> = {}) {
    this.#engine = engine;
    this.#options = options;
    for (const dir of ['homes', 'etc', 'state', 'skel']) mkdirSync(join(this.root, dir), { mode: 0o711 });
    chmodSync(this.root, 0o755);
    this.write('etc/agent-id', this.agentId);
    this.write('etc/host_key', this.hostKey.privateKey);
    this.write('etc/status_key', generateKeyPair('status').privateKey);
    this.write('etc/authorized_keys', this.shellKey.publicKey);
    this.write('etc/shell_key', this.shellKey.privateKey);
    this.write('etc/current-image', `${image}\n`);
    this.write('etc/settings.json', JSON.stringify({ session_command: command, session_program: '' }));
    this.write('skel/.profile', '# from the skel\n');
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.root, path), content, { mode: 0o600 });
  }

  async start(): Promise<void> {
    const etc = join(this.root, 'etc');
    this.#served = await serveAgent({
      version: 'v0-test',
      rolledBack: () => Promise.resolve(undefined),
      imageTag: () => readFileSync(join(etc, 'current-image'), 'utf8').trim(),
      skelDirs: [join(this.root, 'skel')],
      log: pino({ level: 'debug' }, pino.destination({ dest: this.logFile, sync: true })),
      address: '127.0.0.1',
      port: 0,
      cgroupParent: '',
      ...this.#options,
      paths: this.#paths,
    });
  }

  /** As {@link start}, in a process of its own; gives a function that ends it as a power cut would. */
  async startToBeKilled(): Promise<() => Promise<void>> {
    const program = join(import.meta.dirname, 'serve-process.ts');
    const options = JSON.stringify({ paths: this.#paths, skelDirs: [join(this.root, 'skel')] });
    const child = startProcess([process.execPath, program, options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = exitOf(child);
    if (!child.stdout) throw new Error('no output');
    const { line } = await readFirstLine(Duplex.from(child.stdout));
    this.#foreignPort = Number(line);
    return async () => {
      child.kill('SIGKILL');
      await ended;
      await this.#connection?.close();
      this.#connection = undefined;
      this.#foreignPort = undefined;
    };
  }

  get #paths(): Partial<AgentPaths> {
    const etc = join(this.root, 'etc');
    return {
      agentIdFile: join(etc, 'agent-id'),
      hostKeyFile: join(etc, 'host_key'),
      statusKeyFile: join(etc, 'status_key'),
      authorizedKeysFile: join(etc, 'authorized_keys'),
      shellHostFile: join(etc, 'shell-host.json'),
      currentImageFile: join(etc, 'current-image'),
      settingsFile: join(etc, 'settings.json'),
      sessionEnvFile: join(etc, 'session.env'),
      sessionsDir: join(this.root, 'state/sessions'),
      homesDir: this.homes,
      dockerSocket: this.#engine.dockerHost?.replace('unix://', '') ?? '/var/run/docker.sock',
      ...this.#options.paths,
    };
  }

  async stop(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
    await this.#served?.close('the test stops it');
    this.#served = undefined;
  }

  get port(): number {
    if (this.#foreignPort !== undefined) return this.#foreignPort;
    if (!this.#served) throw new Error('the agent does not run');
    return this.#served.port;
  }

  async connect(): Promise<SshConnection> {
    return await connect({
      host: '127.0.0.1',
      port: this.port,
      privateKey: this.shellKey.privateKey,
      hostKey: publicBlobOf(this.hostKey.publicKey),
    });
  }

  /** Sends one request line as it is. */
  async raw(line: string): Promise<RawAnswer> {
    this.#connection ??= await this.connect();
    const channel = await this.#connection.openSubsystem(SUBSYSTEM.rpc);
    channel.write(`${line}\n`);
    const answer = await withDeadline(readFirstLine(channel), 60_000, `the answer to ${line.slice(0, 80)}`);
    channel.resume();
    return JSON.parse(answer.line) as RawAnswer;
  }

  /** As a shell would call; throws `code: text` for a failure, and checks the result by the contract. */
  async call<Op extends RpcOp>(op: Op, params: RpcParams<Op>): Promise<RpcResult<Op>> {
    const answer = await this.raw(JSON.stringify({ op, params }));
    if (!answer.ok) throw new Error(`${answer.code}: ${answer.error}`);
    return RPC[op].result.parse(answer.result) as RpcResult<Op>;
  }

  async attach(header: Record<string, unknown>): Promise<AttachedTerminal> {
    return await this.attachRaw(JSON.stringify(header));
  }

  async attachRaw(header: string): Promise<AttachedTerminal> {
    this.#connection ??= await this.connect();
    const channel = await this.#connection.openSubsystem(SUBSYSTEM.attach);
    const terminal = new AttachedTerminal(channel);
    channel.write(`${header}\n`);
    return terminal;
  }

  /** Waits until what `get` says about a session is as `wanted` says. */
  async until(
    id: string,
    wanted: (session: RpcResult<'get'>) => boolean,
    timeoutMs = 20_000,
  ): Promise<RpcResult<'get'>> {
    return await pollUntil(
      async () => {
        const session = await this.call('get', { id });
        return wanted(session) ? session : undefined;
      },
      { timeoutMs, intervalMs: 50, what: `session ${id}` },
    );
  }

  /** One run of OpenSSH's client on a subsystem, its input ended after `input`. */
  async openSsh(subsystem: string, input: string): Promise<CommandResult> {
    return await runCommand(this.#sshArgv(subsystem, []), { input, timeoutMs: 30_000 });
  }

  async startOpenSsh(subsystem: string, options: { readonly tty: boolean }): Promise<SshProcess> {
    const flags = options.tty ? ['-tt'] : [];
    return new SshProcess(
      startProcess(this.#sshArgv(subsystem, flags), { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
  }

  #sshArgv(subsystem: string, flags: readonly string[]): string[] {
    this.write('etc/known_hosts', `[127.0.0.1]:${this.port} ${this.hostKey.publicKey}`);
    const set = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${join(this.root, 'etc/known_hosts')}`];
    const options = [...set, 'IdentitiesOnly=yes', 'LogLevel=ERROR'].flatMap((option) => ['-o', option]);
    const key = ['-i', join(this.root, 'etc/shell_key'), '-p', String(this.port)];
    return ['ssh', '-F', 'none', ...options, ...key, ...flags, '-s', 'convocate@127.0.0.1', subsystem];
  }

  /** Lines of `ps` in the container that belong to attached clients. */
  async clientProcesses(id: string): Promise<string[]> {
    const argv = ['exec', containerNameOf(id), 'pgrep', '-af', 'client-'];
    const { stdout } = await this.#engine.docker.exec(argv);
    return stdout.split('\n').filter((line) => line !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const label = `label=${LABEL.agent}=${this.agentId}`;
    const left = await this.#engine.docker.lines(['ps', '--all', '--quiet', '--filter', label]);
    if (left.length > 0) await this.#engine.docker.run(['rm', '--force', '--volumes', ...left]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A running `ssh`. */
export class SshProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #screen = '';
  #onData: () => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = exitOf(child);
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#screen += chunk.toString('utf8');
      this.#onData();
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async shows(text: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#onData = () => this.#screen.includes(text) && resolve();
      this.#onData();
    });
    await withDeadline(seen, 15_000, `"${text}" on the screen`);
  }

  /** The process no longer does anything, and its connection stays open: as a machine that has died. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#ended;
  }
}

type Channel = Awaited<ReturnType<SshConnection['openSubsystem']>>;

export class AttachedTerminal {
  readonly channel: Channel;
  readonly closed: Promise<number | undefined>;
  screen = '';
  #onData: () => void = () => {};

  constructor(channel: Channel) {
    this.channel = channel;
    channel.on('data', (chunk: Buffer) => {
      this.screen += chunk.toString('utf8');
      this.#onData();
    });
    this.closed = new Promise((resolve) => {
      channel.once('close', (code: number | undefined) => resolve(code));
    });
  }

  type(text: string): void {
    this.channel.write(text);
  }

  resize(cols: number, rows: number): void {
    // ssh2 sends a window-change only for what it believes to be a shell.
    Object.assign(this.channel, { subtype: 'shell' });
    this.channel.setWindow(rows, cols, 0, 0);
  }

  /** Waits until `text` has been shown, and forgets the screen up to there. */
  async shows(text: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#onData = (): void => {
        const at = this.screen.indexOf(text);
        if (at === -1) return;
        this.screen = this.screen.slice(at + text.length);
        resolve();
      };
      this.#onData();
    });
    await withDeadline(seen, 15_000, `"${text}" on the screen (${JSON.stringify(this.screen.slice(-400))})`);
  }

  close(): void {
    this.channel.close();
  }
}
