// An operator who sits in a session: `convocate attach` in a terminal of the shell host, as user claude.
import type { Machine } from '../../../lab/machine.ts';
import { Terminal } from './terminal.ts';

/** `name` tells this terminal from others on the machine. */
export async function openAttached(shell: Machine, name: string, sessionId: string): Promise<Terminal> {
  const argv = ['runuser', '-u', 'claude', '--', 'convocate', 'attach', sessionId];
  return await Terminal.open(shell, { name, argv, cols: 120, rows: 40 });
}
