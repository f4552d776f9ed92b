import { chmod, mkdir, stat } from 'node:fs/promises';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { CLAUDE_USER, SHELL_HOST } from '../../protocol/host-layout.ts';

/** The account operators log in with; the same numbers as on agent hosts and in containers. */
export async function ensureUser(say: (text: string) => void): Promise<void> {
  const { name, uid, gid, home } = CLAUDE_USER;
  if ((await runCommand(['getent', 'passwd', name])).exitCode === 0) return;
  if ((await runCommand(['getent', 'group', name])).exitCode !== 0)
    await runChecked(['groupadd', '--gid', String(gid), name]);
  const ids = ['--uid', String(uid), '--gid', String(gid)];
  await runChecked(['useradd', ...ids, '--create-home', '--home-dir', home, '--shell', '/bin/bash', name]);
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

/** A machine that is a shell host already takes up the new program at once. */
export async function restartStatusService(say: (text: string) => void): Promise<void> {
  const installed = await runCommand(['systemctl', 'cat', SHELL_HOST.statusUnit]);
  if (installed.exitCode !== 0) return;
  await runChecked(['systemctl', 'restart', SHELL_HOST.statusUnit], { timeoutMs: 90_000 });
  say(`restarted ${SHELL_HOST.statusUnit}`);
}
