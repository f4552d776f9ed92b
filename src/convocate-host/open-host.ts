import { isIP } from 'node:net';
import type { Host } from '../host-access/host.ts';
import { openLocalHost } from '../host-access/local-host.ts';
import { openSshHost } from '../host-access/ssh-host.ts';
import { runChecked } from '../base/run-command.ts';

/** The name that stands for this very machine; it is never dialled. */
export const LOCAL = 'local';

export async function openHost(
  hostName: string,
  user: string | undefined,
  knownHostsFile: string,
): Promise<Host> {
  if (hostName === LOCAL) return openLocalHost();
  return await openSshHost({ host: hostName, knownHostsFile, ...(user !== undefined && { user }) });
}

/** Where our own listeners on a host are dialled: the name behind an ssh alias, as the operator's configuration says. */
export async function addressOf(hostName: string): Promise<string> {
  if (hostName === LOCAL) return '127.0.0.1';
  if (isIP(hostName)) return hostName;
  const configuration = await runChecked(['ssh', '-G', hostName]);
  return /^hostname (.+)$/m.exec(configuration)?.[1] ?? hostName;
}
