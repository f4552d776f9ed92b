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
 * keys); only how the host proves itself is ours: the one pinned ed25519 key, looked up under the host's own name.
 */
export function sshOptions(target: SshTarget): string[] {
  return [
    ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
    ...['-o', `UserKnownHostsFile=${target.knownHostsFile}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
    ...[
      '-o',
      `HostKeyAlias=${target.host}`,
      '-o',
      'HostKeyAlgorithms=ssh-ed25519',
      '-o',
      'UpdateHostKeys=no',
    ],
    ...[
      '-o',
      'CheckHostIP=no',
      '-o',
      'ConnectTimeout=10',
      '-o',
      'ServerAliveInterval=5',
      '-o',
      'ServerAliveCountMax=3',
    ],
    ...[
      '-o',
      'ForwardAgent=no',
      '-o',
      'ForwardX11=no',
      '-o',
      'ClearAllForwardings=yes',
      '-o',
      'LogLevel=ERROR',
    ],
    ...(target.user === undefined ? [] : ['-l', target.user]),
  ];
}
