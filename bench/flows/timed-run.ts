// A command on a machine, with the time at which it printed each line.
import type { Machine } from '../../lab/machine.ts';
import { place } from '../cluster/on-machine.ts';

export interface TimedLine {
  /** From the start of the command. */
  readonly ms: number;
  readonly text: string;
}

export interface TimedRun {
  readonly lines: readonly TimedLine[];
  /** The whole command. */
  readonly wholeMs: number;
}

/** As root, to its end; throws where it fails. */
export async function runTimed(machine: Machine, argv: readonly string[]): Promise<TimedRun> {
  const timed = await place(machine, 'timed-lines.sh');
  const { stdout } = await machine.run([timed, ...argv], { timeoutMs: 15 * 60_000 });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const space = line.indexOf(' ');
      return { ms: Number(line.slice(0, space)) / 1000, text: line.slice(space + 1) };
    });
  // The last line is the timer's own.
  return { lines: lines.slice(0, -1), wholeMs: lines.at(-1)?.ms ?? 0 };
}
