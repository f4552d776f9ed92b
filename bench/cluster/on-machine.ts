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

/** Puts the program there; gives its path. */
export async function place(machine: Machine, program: MachineProgram): Promise<string> {
  const text = readFileSync(join(import.meta.dirname, '../on-machine', program), 'utf8');
  const path = `/opt/bench/${program}`;
  await machine.writeFile(path, text, { mode: '0755' });
  return path;
}
