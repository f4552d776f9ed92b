import { RpcError } from '../../protocol/error-codes.ts';
import type { PortProtocol } from '../docker/docker.ts';
import type { StoredSession } from './stored-session.ts';

const FIRST_AUTOMATIC_PORT = 1001;
const LAST_PORT = 65_535;

export interface PortRequest {
  /** 0 none, -1 any free one from 1001 up, else that very port. */
  readonly port: number;
  readonly protocol: PortProtocol;
  /** The session that asks; what it holds itself is free to it. */
  readonly uuid: string;
}

/**
 * The port that a session gets. Pure: `others` are all sessions of the agent, `onHost` the ports something else on the
 * host listens on. Throws `conflict` naming who holds a port that was asked for.
 */
export function choosePort(
  request: PortRequest,
  others: readonly StoredSession[],
  onHost: ReadonlySet<number>,
): number {
  if (request.port === 0) return 0;
  const holders = new Map(
    others
      .filter(
        ({ uuid, port, protocol }) => uuid !== request.uuid && port > 0 && protocol === request.protocol,
      )
      .map((session) => [session.port, session]),
  );
  if (request.port > 0) {
    const holder = holders.get(request.port);
    const what = `port ${request.port}/${request.protocol}`;
    if (holder)
      throw new RpcError('conflict', `${what} belongs to session "${holder.name}" (${holder.uuid})`);
    if (onHost.has(request.port)) {
      throw new RpcError('conflict', `${what} is in use on the agent host, by a program that is no session`);
    }
    return request.port;
  }
  for (let port = FIRST_AUTOMATIC_PORT; port <= LAST_PORT; port += 1) {
    if (!holders.has(port) && !onHost.has(port)) return port;
  }
  throw new RpcError('conflict', `no ${request.protocol} port from ${FIRST_AUTOMATIC_PORT} up is free`);
}

/** Throws `conflict` where another session of the agent has the DNS name already. */
export function requireFreeDnsName(dnsName: string, uuid: string, others: readonly StoredSession[]): void {
  const holder = dnsName && others.find((other) => other.uuid !== uuid && other.dns_name === dnsName);
  if (!holder) return;
  throw new RpcError(
    'conflict',
    `the DNS name "${dnsName}" belongs to session "${holder.name}" (${holder.uuid})`,
  );
}
