// Programs that the lab calls on this box. A missing one is installed, as a set-up step; a test is never skipped for it.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exclusively } from './exclusive.ts';
import { runCommand } from './run-command.ts';

const debianPackageOf = {
  docker: 'docker.io',
  dockerd: 'docker.io',
  iptables: 'iptables',
  debootstrap: 'debootstrap',
  tar: 'tar',
} as const;

export type Tool = keyof typeof debianPackageOf;

// sbin is not on every user's path, yet dockerd, debootstrap and iptables live there.
const searchPath = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The path of an installed program, undefined when there is none. */
export function findTool(tool: string): string | undefined {
  return searchPath
    .map((directory) => join(directory, tool))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export async function ensureTools(tools: readonly Tool[]): Promise<void> {
  if (tools.every((tool) => findTool(tool) !== undefined)) return;
  await exclusively('apt-get', async () => {
    const missing = tools.filter((tool) => findTool(tool) === undefined);
    if (missing.length === 0) return;
    if (process.getuid?.() !== 0) {
      throw new Error(`the lab needs ${missing.join(', ')}: install them, or run once as root`);
    }
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const packages = [...new Set(missing.map((tool) => debianPackageOf[tool]))];
    await runCommand(['apt-get', 'update', '-q'], { env });
    await runCommand(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages], { env });
  });
}
