import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeadlineError } from './deadline.ts';
import { OperationError, codeOf } from './errors.ts';

/** The only door to `child_process`; everything goes in as an argv, never as a line for a shell. */

export interface CommandOptions {
  readonly input?: string | Uint8Array | Readable;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The process is killed and {@link DeadlineError} thrown after this; default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** In a session of its own: neither the end of our terminal nor a Ctrl-C there reaches it. */
  readonly apart?: boolean;
}

export interface CommandResult {
  /** 128 + n where the process was ended by signal n, 127 where the program does not exist. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_CAPTURE_BYTES = 64 * 1024 * 1024;

/** Runs to the end and gives back whatever came out; a non-zero exit is an answer, not an error. */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = startProcess(argv, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  const timeoutMs = options.timeoutMs ?? 60_000;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new DeadlineError(argv[0] ?? 'command', timeoutMs));
    child.kill('SIGKILL');
    for (const stream of child.stdio) stream?.destroy(); // a child of its own may hold them open
  }, timeoutMs);
  try {
    const all = Promise.all([
      feed(child, options.input),
      collect(child.stdout),
      collect(child.stderr),
      exitOf(child),
    ]);
    const [, stdout, stderr, exitCode] = await Promise.race([all, late]);
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** As {@link runCommand}, but a non-zero exit is an {@link OperationError}; gives back stdout. */
export async function runChecked(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(argv, options);
  if (result.exitCode === 0) return result.stdout;
  throw new OperationError(`${argv[0]} failed`, {
    argv,
    exitCode: result.exitCode,
    output: result.stderr.trim() || result.stdout,
  });
}

export function startProcess(
  argv: readonly string[],
  options: CommandOptions & { readonly stdio: StdioOptions },
): ChildProcess {
  const [program, ...rest] = argv;
  if (!program) throw new TypeError('an empty argv');
  return spawn(program, rest, {
    stdio: options.stdio,
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
    ...(options.signal && { signal: options.signal }),
    ...(options.apart && { detached: true }),
  });
}

export async function exitOf(child: ChildProcess): Promise<number> {
  try {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    const ended: unknown[] = hasEnded ? [child.exitCode, child.signalCode] : await once(child, 'close');
    const [code, signal] = ended as [number | null, NodeJS.Signals | null];
    if (code !== null) return code;
    const { constants } = await import('node:os');
    return 128 + (signal ? constants.signals[signal] : 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 127;
    throw error;
  }
}

async function feed(child: ChildProcess, input: CommandOptions['input']): Promise<void> {
  if (!child.stdin) return;
  try {
    if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
      await pipeline(input, child.stdin);
    } else {
      child.stdin.on('error', () => {}); // the process may end without reading; its exit code tells why
      child.stdin.end(input);
    }
  } catch (error) {
    // However the pipe breaks when the process ends without reading all: its exit code tells why.
    if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(codeOf(error) ?? '')) throw error;
  }
}

async function collect(stream: Readable | null): Promise<string> {
  if (!stream) return '';
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_CAPTURE_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
