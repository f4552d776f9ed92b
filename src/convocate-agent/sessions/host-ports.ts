import { readFile } from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import type { PortProtocol } from '../docker/docker.ts';

/** The kernel's number for a TCP socket that listens. A bound UDP socket has no such state: each one counts. */
const TCP_LISTEN = '0A';

/** Ports that something on this host listens on, over IPv4 and IPv6. */
export async function listeningPorts(protocol: PortProtocol): Promise<ReadonlySet<number>> {
  const ports = new Set<number>();
  for (const table of [protocol, `${protocol}6`]) {
    for (const port of parsePortTable(await readTable(`/proc/net/${table}`), protocol)) ports.add(port);
  }
  return ports;
}

/** The local ports in the text of `/proc/net/{tcp,tcp6,udp,udp6}` (proc_net_tcp in the kernel's documentation). */
export function parsePortTable(text: string, protocol: PortProtocol): number[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state] = line.trim().split(/\s+/);
      if (!local || !remote) return [];
      const taken = protocol === 'tcp' ? state === TCP_LISTEN : remote.endsWith(':0000');
      return taken ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
    })
    .filter((port) => port > 0);
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''; // a kernel without IPv6
    throw error;
  }
}
