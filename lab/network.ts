// A lab's network: one bridge with a known subnet, so that a machine keeps its address through every fault.
import { createHash } from 'node:crypto';
import type { Docker } from './docker.ts';
import { CommandFailed } from './run-command.ts';
import { checkoutId, engineName, filterArgs, labelArgs, labelsOf } from './naming.ts';

export interface LabNetwork {
  readonly name: string;
  /** Such as "10.213.7": the first three parts of every machine's address. */
  readonly prefix: string;
}

/** The first address given to a machine; below it is the gateway. */
const firstHost = 10;
export const maxMachines = 240;

export function addressAt(network: LabNetwork, index: number): string {
  return `${network.prefix}.${firstHost + index}`;
}

export async function createNetwork(docker: Docker, lab: string): Promise<LabNetwork> {
  const name = engineName(lab, 'net');
  const start = createHash('sha256').update(`${checkoutId}/${lab}`).digest()[0] ?? 0;
  for (let attempt = 0; attempt < 256; attempt++) {
    const prefix = `10.213.${(start + attempt) % 256}`;
    const args = [
      'network',
      'create',
      `--subnet=${prefix}.0/24`,
      `--gateway=${prefix}.1`,
      ...labelArgs(labelsOf(lab)),
      name,
    ];
    const result = await docker.exec(args);
    if (result.exitCode === 0) return { name, prefix };
    // The engine is the judge of what is free: asking first and creating then would race with another lab.
    if (!/overlap|conflicts with network/i.test(result.stderr))
      throw new CommandFailed(['docker', ...args], result);
  }
  throw new Error('no free subnet in 10.213.0.0/16: `lab/cli.ts list` shows what holds them');
}

export async function findNetwork(docker: Docker, lab: string): Promise<LabNetwork | undefined> {
  const [name] = await docker.lines(['network', 'ls', '--format={{.Name}}', ...filterArgs(lab)]);
  if (name === undefined) return undefined;
  const subnet = await docker.run(['network', 'inspect', '--format={{(index .IPAM.Config 0).Subnet}}', name]);
  return { name, prefix: subnet.split('.').slice(0, 3).join('.') };
}
