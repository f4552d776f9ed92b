// How long the agent's 222 takes no connection, seen from the shell host while something is done to the agent.
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { AGENT_PORT } from '../../src/protocol/limits.ts';
import type { BenchCluster } from '../cluster/bench-cluster.ts';
import { place } from '../cluster/on-machine.ts';

/** Gives what `act` gave, and the longest outage in milliseconds. */
export async function watchingPort<T>(
  cluster: BenchCluster,
  act: () => Promise<T>,
): Promise<readonly [T, number]> {
  const { shell, agent } = cluster;
  const argv = [
    await cluster.nodeOnShell(),
    await place(shell, 'probe-port.ts'),
    agent.hostname,
    String(AGENT_PORT),
  ];
  const probe = shell.spawn(argv);
  if (!probe.stdout || !probe.stdin) throw new TypeError('spawned without pipes');
  const output = text(probe.stdout);
  const ended = once(probe, 'close');
  try {
    const result = await act();
    probe.stdin.end();
    const { longest_ms } = JSON.parse(await output) as { longest_ms: number };
    return [result, longest_ms];
  } finally {
    probe.stdin.end();
    await ended;
  }
}
