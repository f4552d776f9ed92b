// The small programs of bench/on-machine/, which run on a machine of the lab so that nothing of this box is measured.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../lab/machine.ts';

export type MachineProgram =
  | 'seed-update.sh'
  | 'timed-lines.sh'
  | 'time-commands.ts'
  | 'drive-terminal.ts'
  | 'probe-port.ts';

/** What a program imports from its own directory. */
const PARTS: Partial<Record<MachineProgram, string>> = { 'drive-terminal.ts': 'driven-terminal.ts' };
const HERE = join(import.meta.dirname, '../on-machine');
const THERE = '/opt/bench';

/** Puts the program there, with what it needs; gives its path. */
export async function place(machine: Machine, program: MachineProgram): Promise<string> {
  for (const file of [program, PARTS[program] ?? []].flat()) {
    await machine.writeFile(join(THERE, file), readFileSync(join(HERE, file), 'utf8'), { mode: '0755' });
  }
  return join(THERE, program);
}
