// One machine of a lab: run things on it, move files, and do to it what happens to real hosts.
import type { ChildProcess } from 'node:child_process';
import type { Docker } from './docker.ts';
import * as clock from './faults/clock.ts';
import * as disk from './faults/disk.ts';
import * as hostKey from './faults/host-key.ts';
import * as network from './faults/network.ts';
import * as power from './faults/power.ts';
import type { MachineKind } from './images.ts';
import * as files from './machine-files.ts';
import type { FileOptions } from './machine-files.ts';
import type { Role } from './naming.ts';
import { type CommandBytes, CommandFailed, type CommandResult, CommandTimedOut } from './run-command.ts';

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

export class Machine {
  /** Such as "demo-agent-a"; the other machines resolve it as well as the short hostname. */
  readonly name: string;
  readonly hostname: string;
  readonly identity: MachineIdentity;
  readonly docker: Docker;

  constructor(docker: Docker, identity: MachineIdentity) {
    this.docker = docker;
    this.identity = identity;
    this.hostname = identity.hostname;
    this.name = `${identity.lab}-${identity.hostname}`;
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
    const deadline = ['timeout', '--kill-after=2', String(timeoutMs / 1000)];
    const startedAt = Date.now();
    const result = await this.docker.execBytes(this.execArgs([...deadline, ...argv], options), {
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutMs: timeoutMs + 10_000,
    });
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

  /** The whole file at once, directories above it made. */
  writeFile = (path: string, content: string | Uint8Array, options?: FileOptions): Promise<void> =>
    files.writeFile(this, path, content, options);
  readFile = (path: string): Promise<string> => files.readFile(this, path);
  readBytes = (path: string): Promise<Buffer> => files.readBytes(this, path);
  /** A file becomes `remotePath`; a directory's content lands in it. Modes are kept, the owner is root. */
  copyIn = (localPath: string, remotePath: string): Promise<void> =>
    files.copyIn(this, localPath, remotePath);

  /** `docker save` of the lab's engine into `docker load` of the machine's: no registry, no network. */
  async loadImage(outerTag: string): Promise<void> {
    await this.docker.pipe(['save', outerTag], this.execArgs(['docker', 'load', '--quiet'], { input: '' }));
  }

  /** The same for the machine's whole life, through power cuts and partitions. */
  address(): Promise<string> {
    return Promise.resolve(this.identity.address);
  }

  /** The machine's ed25519 host key as sshd has it on disk: "ssh-ed25519 AAAA…". */
  sshHostKey = (): Promise<string> => hostKey.sshHostKey(this);
  /** "SHA256:…" of that key. */
  sshHostFingerprint = (): Promise<string> => hostKey.sshHostFingerprint(this);
  /** Another host key from now on, as after a reinstall or with someone in the middle. */
  swapHostKey = (): Promise<void> => hostKey.swapHostKey(this);
  restoreHostKey = (): Promise<void> => hostKey.restoreHostKey(this);

  /** Everything on it dies at once; what is on disk stays. */
  powerCut = (): Promise<void> => power.powerCut(this);
  /** Boots and waits until sshd and Docker answer. */
  powerOn = (timeoutMs?: number): Promise<void> => power.powerOn(this, timeoutMs);
  waitReady = (timeoutMs?: number): Promise<string> => power.waitReady(this, timeoutMs);

  /** Packets to and from it vanish, until rejoin, power cuts included. Open connections hang; exec still works. */
  partition = (): Promise<void> => network.partition(this);
  rejoin = (): Promise<void> => network.rejoin(this);
  /** Each direction, in tc's words, such as "10mbit"; until unlimit, power cuts included. */
  limitBandwidth = (rate: string): Promise<void> => network.limitBandwidth(this, rate);
  unlimit = (): Promise<void> => network.unlimit(this);

  /** One file system of this size below these directories, with what was there; it stays through a power cut. */
  mountSmallDisk = (directories: readonly string[], sizeBytes: number): Promise<string> =>
    disk.mountSmallDisk(this, directories, sizeBytes);
  /** Leaves at most `freeBytes` on the small disk that holds `path`. */
  fillDisk = (path: string, freeBytes: number): Promise<void> => disk.fillDisk(this, path, freeBytes);
  freeDisk = (path: string): Promise<void> => disk.freeDisk(this, path);

  /** What time programs that start from now on are told, as seconds from the true one; 0 ends it. */
  shiftClock = (seconds: number): Promise<void> => clock.shiftClock(this, seconds);

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
