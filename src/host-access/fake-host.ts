import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { Readable } from 'node:stream';
import type { CommandResult } from '../base/run-command.ts';
import { formatArgv } from '../base/shell-quote.ts';
import { expectSuccess } from './checked.ts';
import type { Host, RunOptions, RunningCommand } from './host.ts';

/** A call that is expected next, and how the host answers it. */
export interface ExpectedCall {
  readonly argv: readonly string[];
  /** Where given, exactly this must be sent on stdin; where left out, anything may be, and is read to its end. */
  readonly input?: string;
  /** What is not named is exit 0 and no output. An Error is thrown instead, as when the host cannot be reached. */
  readonly answer?: Partial<CommandResult> | Error;
}

/** A process that is expected to be started, and the lines it prints before it waits for its stdin to close. */
export interface ExpectedStart {
  readonly start: readonly string[];
  readonly prints?: readonly string[];
  /** Where given, it ends by itself with this, right after its lines. */
  readonly endsWith?: Partial<CommandResult>;
  /** Where given, it answers every piece of a transfer with the line this makes of the bytes there were so far. */
  readonly answers?: (totalBytes: number) => string;
  /** What it ends with when its stdin is closed; what is not named is exit 0, no errors, and its lines. */
  readonly finishesWith?: Partial<CommandResult>;
}

export interface FakeHost extends Host {
  /** What was said to started processes, in order. */
  readonly said: readonly string[];
  readonly isClosed: boolean;
  /** Throws where an expected call was not made, or the host was not closed. */
  assertDone(): void;
}

/**
 * A host that knows only what it is told to expect, in that order. Anything else throws at once, so a test cannot
 * pass by a call that nobody thought of. `reconnect` gives a second way in to the same expectations.
 */
export function fakeHost(name: string, script: readonly (ExpectedCall | ExpectedStart)[]): FakeHost {
  return openFake(name, { queue: [...script], said: [], open: 0 });
}

interface Shared {
  readonly queue: (ExpectedCall | ExpectedStart)[];
  readonly said: string[];
  open: number;
}

function openFake(name: string, shared: Shared): FakeHost {
  let isClosed = false;
  shared.open += 1;
  const refuseClosed = (argv: readonly string[]): void => {
    if (isClosed) throw new Error(`after its end, the fake host ${name} was asked: ${formatArgv(argv)}`);
  };
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> => {
    refuseClosed(argv);
    const next = shared.queue[0];
    if (!next || !('argv' in next) || !isDeepStrictEqual(next.argv, argv)) throw unexpected(name, argv, next);
    shared.queue.shift();
    const sent = await readInput(options.input);
    if (next.input !== undefined && next.input !== sent) {
      throw new Error(
        `the fake host ${name} was sent ${JSON.stringify(sent)} instead of ${JSON.stringify(next.input)}`,
      );
    }
    if (next.answer instanceof Error) throw next.answer;
    return { ...OK, ...next.answer };
  };
  const start = async (argv: readonly string[]): Promise<RunningCommand> => {
    refuseClosed(argv);
    const next = shared.queue[0];
    if (!next || !('start' in next) || !isDeepStrictEqual(next.start, argv))
      throw unexpected(name, argv, next);
    shared.queue.shift();
    return runningCommand(next, shared.said);
  };
  const close = (): Promise<void> => {
    if (!isClosed) shared.open -= 1;
    isClosed = true;
    return Promise.resolve();
  };
  return {
    name,
    run,
    check: async (argv, options) => expectSuccess(name, argv, await run(argv, options)),
    start,
    reconnect: () => Promise.resolve(openFake(name, shared)),
    close,
    [Symbol.asyncDispose]: close,
    said: shared.said,
    get isClosed() {
      return isClosed;
    },
    assertDone: () => {
      const [next] = shared.queue;
      if (next) throw new Error(`the fake host ${name} still expects: ${describe(next)}`);
      if (shared.open > 0)
        throw new Error(`${shared.open} connections to the fake host ${name} were not closed`);
    },
  };
}

const OK: CommandResult = { exitCode: 0, stdout: '', stderr: '' };

function runningCommand(
  { prints = [], endsWith, answers, finishesWith }: ExpectedStart,
  said: string[],
): RunningCommand {
  const { promise: ended, resolve: end } = Promise.withResolvers<CommandResult>();
  const lines = [...prints];
  const listeners: ((line: string) => void)[] = [];
  let written = 0;
  if (endsWith) end({ ...OK, stdout: lines.join('\n'), ...endsWith });
  return {
    ended,
    onLine: (listener) => {
      for (const line of lines) listener(line);
      listeners.push(listener);
    },
    say: (text) => void said.push(text),
    write: (bytes) => {
      said.push(Buffer.from(bytes).toString('latin1'));
      written += bytes.length;
      if (answers) {
        const line = answers(written);
        lines.push(line);
        for (const listener of listeners) listener(line);
      }
      return Promise.resolve();
    },
    firstLine: () => Promise.resolve(lines[0]),
    finish: () => {
      end({ ...OK, stdout: lines.join('\n'), ...finishesWith });
      return ended;
    },
  };
}

function unexpected(
  name: string,
  argv: readonly string[],
  next: ExpectedCall | ExpectedStart | undefined,
): Error {
  return new Error(
    `the fake host ${name} was asked: ${formatArgv(argv)}\nbut expected: ${next ? describe(next) : 'nothing more'}`,
  );
}

function describe(call: ExpectedCall | ExpectedStart): string {
  return 'argv' in call ? formatArgv(call.argv) : `the start of ${formatArgv(call.start)}`;
}

async function readInput(input: RunOptions['input']): Promise<string> {
  if (!(input instanceof Readable)) return Buffer.from(input ?? '').toString('utf8');
  return await text(input);
}
