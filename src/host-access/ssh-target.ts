import { UsageError } from '../base/errors.ts';

export interface SshTarget {
  /** A name or address, or an alias of the operator's ssh configuration. */
  readonly host: string;
  readonly user?: string;
  /** Where the pinned key stands, under {@link SshTarget.host} as its alias. */
  readonly knownHostsFile: string;
}

/** Refuses what could be taken for an option or hide a second word. */
export function checkTarget(host: string, user?: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._:%-]*$/.test(host)) {
    throw new UsageError(`not a host name: ${JSON.stringify(host)}`, {
      hint: 'give a name, an address or an ssh alias',
    });
  }
  if (user !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user)) {
    throw new UsageError(`not a user name: ${JSON.stringify(user)}`);
  }
}

/**
 * Options of every `ssh` we run. The operator's own configuration stays in force (jump hosts, agents, hardware
 * keys); only how the host proves itself is ours: the one pinned ed25519 key, looked up under the host's own name, and
 * nothing else that could vouch for another.
 */
export function sshOptions(target: SshTarget): string[] {
  const options = {
    IgnoreUnknown: '*', // first: older ones do not know all of these
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: target.knownHostsFile,
    GlobalKnownHostsFile: '/dev/null',
    KnownHostsCommand: 'none',
    VerifyHostKeyDNS: 'no',
    HostKeyAlias: target.host,
    HostKeyAlgorithms: 'ssh-ed25519',
    UpdateHostKeys: 'no',
    CheckHostIP: 'no',
    ConnectTimeout: '10',
    ServerAliveInterval: '5',
    ServerAliveCountMax: '3',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    LogLevel: 'ERROR',
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...(target.user === undefined ? [] : ['-l', target.user]),
  ];
}
