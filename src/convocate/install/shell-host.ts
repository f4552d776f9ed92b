import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { RefusedError } from '../../base/errors.ts';
import { runChecked } from '../../base/run-command.ts';
import { lookAtAccount, makeAccount } from '../../base/system-account.ts';
import { CLAUDE_USER, SHELL_HOST } from '../../protocol/host-layout.ts';
import type { BuildTree } from './build-tree.ts';

/**
 * The account operators log in with; the same numbers as on agent hosts and in containers. Throws RefusedError where an
 * account of that name has others: our socket is given to its group by number.
 */
export async function ensureUser(say: (text: string) => void): Promise<void> {
  const { name, uid, gid } = CLAUDE_USER;
  const found = await lookAtAccount(CLAUDE_USER);
  if (found === 'right') return;
  if (found !== 'missing') {
    throw new RefusedError(
      `the user ${name} exists with uid and gid ${found}, not ${uid}:${gid}; nothing was changed`,
      {
        hint: `give it ${uid}:${gid} with usermod and groupmod, and its files too, then run this again`,
      },
    );
  }
  await makeAccount(CLAUDE_USER);
  say(`created user ${name} (${uid}:${gid})`);
}

/** The key that signs releases: made here or by init-shell, whichever comes first, and never again. */
export async function ensureSigningKey(say: (text: string) => void): Promise<void> {
  await mkdir(SHELL_HOST.configDir, { recursive: true, mode: 0o755 });
  await mkdir(SHELL_HOST.stateDir, { recursive: true, mode: 0o755 });
  await chmod(SHELL_HOST.configDir, 0o755);
  if (await stat(SHELL_HOST.signingKeyFile).catch(() => undefined)) return;
  const comment = 'convocate-release-signing';
  await runChecked([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    comment,
    '-f',
    SHELL_HOST.signingKeyFile,
  ]);
  say(`made the cluster's signing key ${SHELL_HOST.signingKeyFile}`);
}

/** A machine that is a shell host already takes up the new program, and the unit that goes with it, at once. */
export async function restartStatusService(tree: BuildTree, say: (text: string) => void): Promise<void> {
  const file = `/etc/systemd/system/${SHELL_HOST.statusUnit}`;
  const installed = await readFile(file, 'utf8').catch(() => '');
  if (installed === '') return; // no shell host yet, or an operator has masked the service
  const unit = await readFile(join(tree.directory, 'shell', SHELL_HOST.statusUnit), 'utf8');
  if (unit !== installed) {
    await writeFileAtomic(file, unit);
    await runChecked(['systemctl', 'daemon-reload']);
    say(`changed ${file}`);
  }
  if (!(await stat(SHELL_HOST.statusHostKeyFile).catch(() => undefined))) {
    say(`${SHELL_HOST.statusUnit} has lost its key, and is not restarted: run convocate-host init-shell`);
    return;
  }
  await runChecked(['systemctl', 'restart', SHELL_HOST.statusUnit], { timeoutMs: 90_000 });
  say(`restarted ${SHELL_HOST.statusUnit}`);
}
