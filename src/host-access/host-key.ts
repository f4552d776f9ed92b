import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorError, RefusedError } from '../base/errors.ts';
import { runCommand } from '../base/run-command.ts';
import { fingerprintOfLine, withoutComment } from '../protocol/public-key.ts';
import { expectInTime } from './checked.ts';
import { sshOptions } from './ssh-target.ts';

export interface PresentedKey {
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/**
 * The ed25519 key a host's sshd shows just now. Asked through the operator's own ssh configuration, so it also works
 * behind a jump host, and without offering any credential to a host that nobody has vouched for yet.
 */
export async function askHostKey(host: string): Promise<PresentedKey> {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-hostkey-'));
  try {
    const knownHostsFile = join(directory, 'known_hosts');
    const argv = [
      'ssh',
      ...[
        '-o',
        'StrictHostKeyChecking=accept-new',
        '-o',
        'PreferredAuthentications=none',
        '-o',
        'HashKnownHosts=no',
      ],
      ...['-o', 'ControlPath=none'],
      ...sshOptions({ host, knownHostsFile }),
      ...[host, 'true'],
    ];
    const result = await expectInTime(host, ['ssh', host], runCommand(argv, { timeoutMs: 30_000 }));
    const line = await readFile(knownHostsFile, 'utf8').catch(() => '');
    const [, type, blob] = line.trim().split(/\s+/);
    if (!type || !blob) {
      throw new RefusedError('cannot connect, so its host key cannot be seen', {
        host,
        argv: ['ssh', host],
        exitCode: result.exitCode,
        output: result.stderr,
        hint: 'check that the host is up, that sshd answers on its port, and that it has an ed25519 host key',
      });
    }
    const publicKey = withoutComment(`${type} ${blob}`);
    return { publicKey, fingerprint: fingerprintOfLine(publicKey) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The line of our known_hosts files: the pinned key under the name the operator uses. */
export function knownHostsLine(host: string, publicKey: string): string {
  return `${host} ${publicKey}\n`;
}

/** Of our known_hosts file with one line; undefined where it is missing, as after an init-agent that was killed, or damaged. */
async function readPinnedKey(knownHostsFile: string): Promise<string | undefined> {
  try {
    return pinnedKeyOf(await readFile(knownHostsFile, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The key of a {@link knownHostsLine}, without a comment. Throws TypeError where it is none. */
export function pinnedKeyOf(pin: string): string {
  return withoutComment(pin.trim().split(/\s+/).slice(1, 3).join(' '));
}

/** Why `ssh` could not get in: a changed host key is told apart by looking at the key, never by ssh's wording. */
export async function explainRefusal(
  host: string,
  knownHostsFile: string,
  output: string,
): Promise<OperatorError> {
  const pinned = await readPinnedKey(knownHostsFile);
  if (pinned === undefined) {
    return new RefusedError(
      'the SSH key that was pinned for this host is missing or damaged; nothing was changed',
      {
        host,
        output: knownHostsFile,
        hint: 'run init-agent (or init-shell) for it again, with its --host-key where there is no terminal: that pins the key anew',
      },
    );
  }
  const presented = await askHostKey(host);
  if (presented.publicKey !== pinned) {
    return new RefusedError(
      "the host's SSH key is not the one that was pinned when it was set up; nothing was changed",
      {
        host,
        output: `pinned:    ${fingerprintOfLine(pinned)}\npresented: ${presented.fingerprint}`,
        hint: 'find out why it changed; if the host was rebuilt, run init-agent (or init-shell) for it with its new --host-key',
      },
    );
  }
  return new RefusedError('cannot log in over SSH; nothing was changed', {
    host,
    argv: ['ssh', host],
    output,
    hint: 'check the user (--user), your key or agent, and that `ssh` to this host works from here',
  });
}
