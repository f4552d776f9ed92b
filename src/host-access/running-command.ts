import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { withDeadline } from '../base/deadline.ts';
import { type CommandResult, exitOf } from '../base/run-command.ts';
import type { RunningCommand } from './host.ts';

/** Wraps a started process whose three streams are pipes. */
export function followProcess(child: ChildProcess): RunningCommand {
  const output: string[] = [];
  const errors: string[] = [];
  const { promise: first, resolve: gotFirst } = Promise.withResolvers<string | undefined>();
  if (!child.stdout || !child.stderr || !child.stdin)
    throw new TypeError('the process was started without pipes');
  child.stdin.on('error', () => {}); // it may end before it has read all; `ended` tells
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString('utf8')));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    output.push(line);
    gotFirst(line);
  });
  const ended = exitOf(child).then((exitCode): CommandResult => {
    gotFirst(undefined);
    return { exitCode, stdout: output.join('\n'), stderr: errors.join('') };
  });
  return {
    ended,
    say: (text) => void child.stdin?.write(text),
    firstLine: (timeoutMs) => withDeadline(first, timeoutMs, 'the first line of a remote command'),
    finish: async () => {
      child.stdin?.end();
      return await withDeadline(ended, 10_000, 'the end of a remote command');
    },
  };
}
