import { dirname, join } from 'node:path';
import { OperationError, RefusedError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { CLAUDE_USER, SHELL_HOST } from '../../protocol/host-layout.ts';
import { STATUS_PORT } from '../../protocol/limits.ts';
import type { Reporter } from '../reporter.ts';
import { keepKeyPair } from '../steps/keep-key-pair.ts';
import { writeHostFile } from '../write-host-file.ts';

const PROGRAM = '/usr/local/bin/convocate';

/**
 * `convocate-host init-shell`: makes a machine the cluster's shell host: directories, the cluster's ed25519 keys, and
 * the service that listens on 223. Run again, it mends what drifted and keeps every key.
 */
export async function initShell(host: Host, reporter: Reporter): Promise<void> {
  reporter.step('checking that convocate is installed');
  const programs = await findPrograms(host);

  reporter.step('directories and keys');
  await host.check(['install', '-d', '-m', '755', SHELL_HOST.configDir, SHELL_HOST.stateDir]);
  await host.check(['install', '-d', '-m', '700', SHELL_HOST.agentKeysDir]);
  for (const [file, comment] of [
    [SHELL_HOST.signingKeyFile, 'convocate-release-signing'],
    [SHELL_HOST.statusHostKeyFile, 'convocate-status'],
  ] as const) {
    for (const change of await keepKeyPair(host, file, comment)) reporter.note(change);
  }

  reporter.step(`${SHELL_HOST.statusUnit} on ${STATUS_PORT}`);
  // The unit of the programs there: this machine may have another version than the one that is to be the shell host.
  const unit = await host.check(['cat', join(programs, 'shell', SHELL_HOST.statusUnit)]);
  const changed = await writeHostFile(host, `/etc/systemd/system/${SHELL_HOST.statusUnit}`, unit, '644');
  if (changed) await host.check(['systemctl', 'daemon-reload']);
  await host.check(['systemctl', 'enable', '--quiet', SHELL_HOST.statusUnit]);
  await startService(host, changed || (await showsOtherKey(host)) ? 'restart' : 'start');
  reporter.result(
    { outcome: 'ready', unit_changed: changed },
    `ready: ${SHELL_HOST.statusUnit} listens on ${STATUS_PORT}; next, there: sudo convocate-host init-agent --host …`,
  );
}

/** The folder that the programs of the version in use lie in. */
async function findPrograms(host: Host): Promise<string> {
  const program = await host.run([PROGRAM, 'version']);
  const user = await host.run(['getent', 'passwd', CLAUDE_USER.name]);
  if (program.exitCode === 0 && user.exitCode === 0)
    return dirname((await host.check(['readlink', '-f', PROGRAM])).trim());
  throw new RefusedError('convocate is not installed on the machine that is to be the shell host', {
    host: host.name,
    hint: 'there, build and install it first: make build && sudo make install',
  });
}

/** A service reads its key when it starts: one that came into its place since is not the one it shows. */
async function showsOtherKey(host: Host): Promise<boolean> {
  const argv = ['ssh-keyscan', '-T', '5', '-t', 'ed25519', '-p', String(STATUS_PORT), '127.0.0.1'];
  // OpenSSH 9.8 and later print a comment before it.
  const line = (await host.run(argv)).stdout.split('\n').find((text) => text.includes(' ssh-ed25519 '));
  const shown = line?.trim().split(' ')[2];
  const own = (await host.check(['cat', `${SHELL_HOST.statusHostKeyFile}.pub`])).split(' ')[1];
  return shown !== undefined && shown !== own;
}

/** systemd waits for the service's own word, and it speaks when port and socket are open. */
async function startService(host: Host, verb: 'start' | 'restart'): Promise<void> {
  const argv = ['systemctl', verb, SHELL_HOST.statusUnit];
  const result = await host.run(argv, { timeoutMs: 60_000 });
  if (result.exitCode === 0) return;
  const unit = ['-u', SHELL_HOST.statusUnit];
  const journal = await host.run(['journalctl', ...unit, '-n', '12', '--no-pager', '-o', 'cat']);
  throw new OperationError(`${SHELL_HOST.statusUnit} did not come up`, {
    host: host.name,
    argv,
    exitCode: result.exitCode,
    output: journal.stdout || result.stderr,
    hint: 'mend what it names on that machine, then run this again; sessions run on without it',
  });
}
