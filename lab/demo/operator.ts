// The operator at the keyboard: what is shown is what runs, and what it prints is shown as it comes.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { exitOf } from '../run-command.ts';
import { DemoFailed } from './demo-failed.ts';
import type { Story } from './story.ts';

export type Account = 'ops' | 'claude';

export interface EnterOptions {
  /** Of a longer output only this many lines and its last one are shown. Default: all are. */
  readonly most?: number;
}

/** Types a command line on the shell host; gives what it printed. A non-zero exit ends the demo. */
export async function enter(
  story: Story,
  account: Account,
  command: string,
  { most = Number.POSITIVE_INFINITY }: EnterOptions = {},
): Promise<string> {
  const { shell } = story.get('lab');
  story.show.prompt(account, shell.hostname, command);
  const printed: string[] = [];
  // What it prints on stderr comes in its place, as on a terminal.
  const child = shell.spawn(['bash', '-c', `exec 2>&1\n${command}`], { user: account, cwd: '/' });
  child.stdin?.end();
  const keep = (line: string): void => {
    printed.push(line);
    if (printed.length <= most) story.show.output(line);
  };
  const [exitCode] = await Promise.all([
    exitOf(child),
    eachLine(child.stdout, keep),
    eachLine(child.stderr, keep),
  ]);
  const last = printed.at(-1);
  if (printed.length > most && last !== undefined) {
    if (printed.length > most + 1)
      story.show.output(`… ${printed.length - most - 1} lines more, the last one:`);
    story.show.output(last);
  }
  if (exitCode !== 0) throw new DemoFailed(`this command works: ${command}`, `exit code ${exitCode}`);
  return printed.join('\n');
}

async function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream })) take(line);
}
