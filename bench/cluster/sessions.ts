// Three sessions whose program does what a measure needs: one answers keys, one prints on request, one sits still.
import { pollUntil } from '../../src/base/deadline.ts';
import type { Machine } from '../../lab/machine.ts';

export interface BenchSession {
  readonly name: string;
  readonly container: string;
}

export interface BenchSessions {
  /** Sends each byte back by itself, as a program in raw mode does. */
  readonly keys: BenchSession;
  /** For each line "COUNT END" prints COUNT lines, then END, and is ready again. */
  readonly flood: BenchSession;
  readonly idle: BenchSession;
}

/** What a session shows when its program is there. */
export const readyText = 'the-bench-session-is-ready';

const program = `#!/bin/bash
case $HOSTNAME in
  keys)
    stty raw -echo
    printf '${readyText}\\r\\n'
    exec cat ;;
  flood)
    stty -echo
    echo ${readyText}
    while read -r count end; do
      seq --format 'line %.0f of a long build, as a compiler or a test run would print it' "$count"
      echo "$end"
      echo ${readyText}
    done ;;
  *) exec sleep infinity ;;
esac
`;

export async function startSessions(shell: Machine, agent: Machine): Promise<BenchSessions> {
  await agent.writeFile('/usr/local/bin/claude', program, { mode: '0755' });
  await pollUntil(
    async () => {
      const { stdout } = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
      const { agents } = JSON.parse(stdout) as { agents: { up: boolean }[] };
      return agents.some(({ up }) => up) ? true : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 100, what: 'the status service sees the agent' },
  );
  return {
    keys: await start(shell, 'keys'),
    flood: await start(shell, 'flood'),
    idle: await start(shell, 'idle'),
  };
}

async function start(shell: Machine, name: string): Promise<BenchSession> {
  const { stdout } = await shell.run(['convocate', 'new', name, '--start', '--json'], {
    user: 'claude',
  });
  const { uuid } = JSON.parse(stdout) as { uuid: string };
  return { name, container: `convocate-session-${uuid}` };
}
