// What machines tell of a rollout that it does not tell of itself.
import type { Machine } from '../../../lab/machine.ts';

/** Bytes that came in over the network since boot, whatever they were. */
export async function receivedBytes(machine: Machine): Promise<number> {
  return Number(await machine.readFile('/sys/class/net/eth0/statistics/rx_bytes'));
}

/** Which process the agent service is, and since when: another answer means that it was restarted. */
export async function serviceStart(agent: Machine): Promise<string> {
  const properties = 'MainPID,ActiveEnterTimestampMonotonic,NRestarts';
  const { stdout } = await agent.run([
    'systemctl',
    'show',
    'convocate-agent.service',
    '--property',
    properties,
  ]);
  return stdout;
}

/** Digests of the program blobs on an agent host. */
export async function blobsOn(agent: Machine): Promise<ReadonlySet<string>> {
  const { stdout } = await agent.run(['ls', '/usr/local/lib/convocate/blobs']);
  return new Set(stdout.split('\n').filter((name) => name !== ''));
}

export function addedBlobs(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...after].filter((digest) => !before.has(digest));
}
