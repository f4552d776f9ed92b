// Runs programs on one machine of a lab.
import type { ChildProcess } from 'node:child_process';
import type { Docker } from './docker.ts';
import type { MachineKind } from './images.ts';
import { MachineDoor } from './machine-door.ts';
import type { Role } from './naming.ts';
import {
  type CommandBytes,
  CommandFailed,
  type CommandResult,
  CommandTimedOut,
  execBytes,
} from './run-command.ts';

export interface ExecOptions {
  readonly input?: string | Uint8Array;
  /** Default root. */
  readonly user?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The process on the machine is ended then, and CommandTimedOut thrown. Default two minutes. */
  readonly timeoutMs?: number;
}

export interface SpawnOptions extends ExecOptions {
  /** Gives the program a terminal of its own on the machine; its size is what `script` chooses. */
  readonly tty?: boolean;
}

export interface MachineIdentity {
  readonly lab: string;
  readonly hostname: string;
  readonly role: Role;
  readonly kind: MachineKind;
  readonly address: string;
  readonly containerId: string;
}

const defaultTimeoutMs = 120_000;
/** What `timeout` exits with when it had to end its program. */
const timedOutExitCode = 124;

/** What files and faults of a machine are made of: see machine.ts for the whole of it. */
export class MachineCommands {
  /** Such as "demo-agent-a"; the other machines resolve it as well as the short hostname. */
  readonly name: string;
  readonly hostname: string;
  readonly identity: MachineIdentity;
  readonly docker: Docker;
  readonly #door: MachineDoor;

  constructor(docker: Docker, identity: MachineIdentity) {
    this.docker = docker;
    this.identity = identity;
    this.hostname = identity.hostname;
    this.name = `${identity.lab}-${identity.hostname}`;
    this.#door = new MachineDoor(docker, identity.containerId);
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const bytes = await this.execBytes(argv, options);
    return { exitCode: bytes.exitCode, stdout: bytes.stdout.toString(), stderr: bytes.stderr.toString() };
  }

  async run(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const result = await this.exec(argv, options);
    if (result.exitCode !== 0) throw new CommandFailed(argv, result, `${this.name}: `);
    return result;
  }

  async execBytes(argv: readonly string[], options: ExecOptions = {}): Promise<CommandBytes> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    // Ending the docker client would leave the program running inside, so the deadline is kept inside as well.
    const withDeadline = ['timeout', '--kill-after=2', String(timeoutMs / 1000), ...argv];
    const startedAt = Date.now();
    // Our own pipes are sockets, and a program cannot open /dev/stdin where that is one.
    const short = options.input === undefined ? await this.#door.argvFor(withDeadline, options) : undefined;
    const how = {
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutMs: timeoutMs + 10_000,
    };
    const result = short
      ? await execBytes(short, how)
      : await this.docker.execBytes(this.execArgs(withDeadline, options), how);
    const ended = result.exitCode === timedOutExitCode || result.exitCode === 137;
    if (ended && Date.now() - startedAt >= timeoutMs)
      throw new CommandTimedOut(argv, timeoutMs, `${this.name}: `);
    return result;
  }

  /** For what runs until told otherwise. Ending the child does not end the program inside: end that by its input. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const terminal = [
      'script',
      '--quiet',
      '--flush',
      '--return',
      '--command',
      argv.map(quote).join(' '),
      '/dev/null',
    ];
    const args = this.execArgs(options.tty === true ? terminal : argv, { ...options, input: '' });
    return this.docker.spawn(args, { stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** For a pipe on this box: `docker` with these arguments runs the argv here. */
  execArgs(argv: readonly string[], options: ExecOptions): string[] {
    return [
      'exec',
      ...(options.input === undefined ? [] : ['--interactive']),
      ...(options.user === undefined ? [] : [`--user=${options.user}`]),
      ...(options.cwd === undefined ? [] : [`--workdir=${options.cwd}`]),
      ...Object.entries(options.env ?? {}).map(([key, value]) => `--env=${key}=${value}`),
      this.identity.containerId,
      ...argv,
    ];
  }
}

/** `script` takes one line for a shell; this is the only place that makes one. */
function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
