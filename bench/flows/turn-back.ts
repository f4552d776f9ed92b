// Puts the agent back to where it was before a flow was measured, so that both sides start from the same state.
import { pollUntil } from '../../src/base/deadline.ts';
import type { BenchCluster } from '../cluster/bench-cluster.ts';

const lib = '/usr/local/lib/convocate';

/** The agent serves `version` again, and neither it nor its Docker has anything of `undone`. */
export async function turnBack(cluster: BenchCluster, version: string, undone: string): Promise<void> {
  const { agent } = cluster;
  await agent.run(['ln', '-sfn', `${lib}/releases/${version}`, `${lib}/current`]);
  await agent.writeFile('/etc/convocate-agent/current-image', `convocate:${version}\n`);
  await agent.run(['systemctl', 'restart', 'convocate-agent.service']);
  await agent.run([
    'rm',
    '-rf',
    `${lib}/releases/${undone}`,
    '/tmp/seed-image.tar.gz',
    '/tmp/seed-program.tar',
  ]);
  await agent.exec(['docker', 'rmi', '--force', `convocate:${undone}`]);
  await pollUntil(
    async () => {
      const { stdout } = await cluster.shell.run(['convocate-host', 'status', '--json']);
      return stdout.includes(`"version":${JSON.stringify(version)}`) ? true : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 100, what: `the agent answers as ${version}` },
  );
}

/** Not one image is left in the agent's Docker. Ends its sessions. */
export async function removeAllImages(cluster: BenchCluster): Promise<void> {
  const { agent } = cluster;
  const { stdout } = await agent.run(['docker', 'ps', '--all', '--quiet']);
  const containers = stdout.split('\n').filter(Boolean);
  if (containers.length > 0) await agent.run(['docker', 'rm', '--force', ...containers]);
  await agent.run(['docker', 'image', 'prune', '--all', '--force']);
}
