// The machine that the numbers come from; they mean little without it.
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Docker } from '../lab/docker.ts';

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly system: string;
  readonly kernel: string;
  /** Of the lab's machines, in which everything runs: "20.10.24". */
  readonly docker: string;
}

/** `machineDocker` is the version inside a machine of the lab. */
export async function machineFacts(labDocker: Docker, machineDocker: string): Promise<MachineFacts> {
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: system ?? 'unknown',
    kernel: release(),
    docker: `${machineDocker} in a container of ${(await labDocker.answers()) ?? 'unknown'}`,
  };
}
