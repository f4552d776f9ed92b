// The machine that the numbers come from; they mean little without it.
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Lab } from '../lab/lab.ts';

export const NO_DOCKER = 'not used';

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly system: string;
  readonly kernel: string;
  /** Of the lab's machines, in which everything runs. */
  readonly docker: string;
}

/** Without a lab `docker` says that there was none. */
export async function machineFacts(lab: Lab | undefined): Promise<MachineFacts> {
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: system ?? 'unknown',
    kernel: release(),
    docker: lab ? await dockerOf(lab) : NO_DOCKER,
  };
}

async function dockerOf({ engine, shell }: Lab): Promise<string> {
  const inner = await shell.run(['docker', 'version', '--format', '{{.Server.Version}}']);
  return `${inner.stdout.trim()}, in containers of ${(await engine.docker.answers()) ?? 'no engine'}`;
}
