// The two ways to a session's terminal that are compared, each driven on the shell host at a terminal of its own.
import type { BenchCluster } from '../cluster/bench-cluster.ts';
import { place } from '../cluster/on-machine.ts';
import { type BenchSession, readyText } from '../cluster/sessions.ts';
import { trustHost } from './seed-update.ts';

export type Side = 'ours' | 'ssh';

/** What the terminal's driver is told to do: see bench/on-machine/drive-terminal.ts. */
export type Task = readonly ['keys' | 'flood', number];

export interface AttachDriver {
  /** Attaches, does the task, leaves; gives the driver's answer. */
  drive(side: Side, session: BenchSession, task: Task): Promise<unknown>;
}

export async function attachDriver(cluster: BenchCluster): Promise<AttachDriver> {
  const { shell, agent } = cluster;
  const node = await cluster.nodeOnShell();
  const program = await place(shell, 'drive-terminal.ts');
  await trustHost(shell, agent.hostname);
  return {
    drive: async (side, session, [what, count]) => {
      const client = side === 'ours' ? ours(session) : byHand(agent.hostname, session);
      // convocate is for the user claude; the key for ssh by hand is root's.
      const user = side === 'ours' ? 'claude' : 'root';
      const argv = [node, program, what, String(count), readyText, ...client];
      const { stdout } = await shell.run(argv, { user, timeoutMs: 5 * 60_000 });
      return JSON.parse(stdout) as unknown;
    },
  };
}

function ours(session: BenchSession): string[] {
  return ['convocate', 'attach', session.name];
}

/** Straight into the container as root, because sudo would put one more terminal in between. */
function byHand(host: string, session: BenchSession): string[] {
  const tmux = ['tmux', '-u', '-S', '/run/convocate-session/tmux.sock', 'attach', '-t', 'session'];
  return [
    'ssh',
    '-t',
    `root@${host}`,
    'docker',
    'exec',
    '-it',
    '-u',
    'claude',
    '-e',
    'TERM',
    session.container,
    ...tmux,
  ];
}
