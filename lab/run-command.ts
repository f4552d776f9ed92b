// The lab's one door to child processes on this box: argv in, result out, never a shell string.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandBytes {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A command that ran and said no. The message holds the argv and the end of what it printed. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly argv: readonly string[];
  readonly result: CommandResult;
  constructor(argv: readonly string[], result: CommandResult, place = '') {
    const printed = `${result.stdout}\n${result.stderr}`.trim().slice(-4000);
    super(`${place}${argv.join(' ')}\nexited with ${result.exitCode}\n${printed}`);
    this.argv = argv;
    this.result = result;
  }
}

export class CommandTimedOut extends Error {
  override readonly name = 'CommandTimedOut';
  constructor(argv: readonly string[], timeoutMs: number, place = '') {
    super(`${place}${argv.join(' ')}\nstill running after ${timeoutMs} ms`);
  }
}

export function spawnCommand(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('an empty argv');
  return spawn(program, args, options);
}

/** Settles with the exit code; a death by signal counts as 128, as a shell reports it. */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 128);
    });
  });
}

/** Runs to the end and keeps the output as bytes. A non-zero exit is an answer, not an error. */
export async function execBytes(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandBytes> {
  const child = spawnCommand(argv, {
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program may exit without reading its input; its exit code tells the story, not our EPIPE.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  let timedOut = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, options.timeoutMs);
  try {
    const exitCode = await exitOf(child);
    if (timedOut) throw new CommandTimedOut(argv, options.timeoutMs ?? 0);
    return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

export async function execCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const bytes = await execBytes(argv, options);
  return { exitCode: bytes.exitCode, stdout: bytes.stdout.toString(), stderr: bytes.stderr.toString() };
}

/** As execCommand, but a non-zero exit throws CommandFailed. */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execCommand(argv, options);
  if (result.exitCode !== 0) throw new CommandFailed(argv, result);
  return result;
}

/** `from | to`, with both exit codes looked at. Answers what the second one printed. */
export async function pipeCommands(
  from: readonly string[],
  to: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const source = spawnCommand(from, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const sink = spawnCommand(to, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let sourceSaid = '';
  let sinkSaid = '';
  source.stderr?.on('data', (chunk: Buffer) => (sourceSaid += chunk.toString()));
  sink.stdout?.on('data', (chunk: Buffer) => (sinkSaid += chunk.toString()));
  sink.stderr?.on('data', (chunk: Buffer) => (sinkSaid += chunk.toString()));
  const exits = Promise.all([exitOf(source), exitOf(sink)]);
  if (source.stdout !== null && sink.stdin !== null) {
    // A sink that stops reading is reported by its exit code below.
    await pipeline(source.stdout, sink.stdin).catch(() => undefined);
  }
  const [sourceExit, sinkExit] = await exits;
  if (sinkExit !== 0) throw new CommandFailed(to, { exitCode: sinkExit, stdout: sinkSaid, stderr: '' });
  if (sourceExit !== 0)
    throw new CommandFailed(from, { exitCode: sourceExit, stdout: '', stderr: sourceSaid });
  return sinkSaid;
}
