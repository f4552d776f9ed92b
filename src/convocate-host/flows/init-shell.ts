import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pollUntil } from '../../base/deadline.ts';
import { OperationError, RefusedError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { CLAUDE_USER, SHELL_HOST } from '../../protocol/host-layout.ts';
import { STATUS_PORT } from '../../protocol/limits.ts';
import type { Reporter } from '../reporter.ts';
import { writeHostFile } from '../write-host-file.ts';

/** The unit lies beside the program in the tree that was built. */
const UNIT_FILE = join(dirname(import.meta.dirname), 'shell', SHELL_HOST.statusUnit);

/**
 * `convocate-host init-shell`: makes a machine the cluster's shell host: directories, the cluster's ed25519 keys, and
 * the service that listens on 223. Run again, it mends what drifted and keeps every key.
 */
export async function initShell(host: Host, reporter: Reporter): Promise<void> {
  reporter.step('checking that convocate is installed');
  await expectInstalled(host);

  reporter.step('directories and keys');
  await host.check(['install', '-d', '-m', '755', SHELL_HOST.configDir, SHELL_HOST.stateDir]);
  await host.check(['install', '-d', '-m', '700', SHELL_HOST.agentKeysDir]);
  for (const [file, comment] of [
    [SHELL_HOST.signingKeyFile, 'convocate-release-signing'],
    [SHELL_HOST.statusHostKeyFile, 'convocate-status'],
  ] as const) {
    if (await makeKey(host, file, comment)) reporter.note(`made ${file}`);
  }

  reporter.step(`${SHELL_HOST.statusUnit} on ${STATUS_PORT}`);
  const unit = await readFile(UNIT_FILE, 'utf8');
  const changed = await writeHostFile(host, `/etc/systemd/system/${SHELL_HOST.statusUnit}`, unit, '644');
  if (changed) await host.check(['systemctl', 'daemon-reload']);
  await host.check(['systemctl', 'enable', '--quiet', SHELL_HOST.statusUnit]);
  await host.check(['systemctl', changed ? 'restart' : 'start', SHELL_HOST.statusUnit], {
    timeoutMs: 60_000,
  });
  await expectListening(host);
  reporter.result(
    { outcome: 'ready', unit_changed: changed },
    `ready: ${SHELL_HOST.statusUnit} listens on ${STATUS_PORT}; next: convocate-host init-agent --host …`,
  );
}

async function expectInstalled(host: Host): Promise<void> {
  const program = await host.run(['/usr/local/bin/convocate', 'version']);
  const user = await host.run(['getent', 'passwd', CLAUDE_USER.name]);
  if (program.exitCode === 0 && user.exitCode === 0) return;
  throw new RefusedError('convocate is not installed on the machine that is to be the shell host', {
    host: host.name,
    hint: 'there, build and install it first: make build && sudo make install',
  });
}

/** Makes an ed25519 key where there is none; the private half never leaves the machine. */
async function makeKey(host: Host, file: string, comment: string): Promise<boolean> {
  const exists = await host.run(['test', '-s', file]);
  if (exists.exitCode === 0) return false;
  await host.check(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
  return true;
}

async function expectListening(host: Host): Promise<void> {
  const isUp = async (): Promise<true | undefined> => {
    const state = await host.run(['systemctl', 'is-active', SHELL_HOST.statusUnit]);
    const socket = await host.run(['test', '-S', SHELL_HOST.socket]);
    return state.stdout.trim() === 'active' && socket.exitCode === 0 ? true : undefined;
  };
  try {
    await pollUntil(isUp, { timeoutMs: 15_000, intervalMs: 200, what: SHELL_HOST.statusUnit });
  } catch (cause) {
    const journal = await host.run([
      'journalctl',
      '-u',
      SHELL_HOST.statusUnit,
      '-n',
      '12',
      '--no-pager',
      '-o',
      'cat',
    ]);
    throw new OperationError(`${SHELL_HOST.statusUnit} did not come up`, {
      host: host.name,
      argv: ['systemctl', 'start', SHELL_HOST.statusUnit],
      output: journal.stdout,
      cause,
    });
  }
}
