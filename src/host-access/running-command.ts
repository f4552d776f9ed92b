import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { withDeadline } from '../base/deadline.ts';
import { type CommandResult, exitOf } from '../base/run-command.ts';
import { expectInTime } from './checked.ts';
import type { RunningCommand } from './host.ts';

/** Wraps a started process whose three streams are pipes; `host` and `argv` are what it is to the operator. */
export function followProcess(host: string, argv: readonly string[], child: ChildProcess): RunningCommand {
  const output: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const errors: string[] = [];
  const { promise: first, resolve: gotFirst } = Promise.withResolvers<string | undefined>();
  const { stdin } = child;
  if (!child.stdout || !child.stderr || !stdin) throw new TypeError('the process was started without pipes');
  stdin.on('error', () => {}); // it may end before it has read all; `ended` tells
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString('utf8')));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    output.push(line);
    gotFirst(line);
    for (const listener of listeners) listener(line);
  });
  const ended = exitOf(child).then((exitCode): CommandResult => {
    gotFirst(undefined);
    return { exitCode, stdout: output.join('\n'), stderr: errors.join('') };
  });
  return {
    ended,
    onLine: (listener) => {
      for (const line of output) listener(line);
      listeners.push(listener);
    },
    say: (text) => void stdin.write(text),
    write: async (bytes) => {
      if (stdin.destroyed || stdin.write(bytes)) return;
      await new Promise<void>((resolve) => {
        const settle = (): void => {
          stdin.off('drain', settle).off('close', settle);
          resolve();
        };
        stdin.on('drain', settle).on('close', settle);
      });
    },
    firstLine: (timeoutMs) =>
      expectInTime(host, argv, withDeadline(first, timeoutMs, 'the first line of a remote command')),
    finish: async (timeoutMs = 10_000) => {
      stdin.end();
      return await expectInTime(host, argv, withDeadline(ended, timeoutMs, 'the end of a remote command'));
    },
  };
}
