import type { Command } from 'commander';
import { RefusedError } from '../../base/errors.ts';
import { isVersion } from '../../protocol/ids.ts';

export interface InstallOptions {
  readonly baseImage?: string;
  readonly toolchain?: string;
  readonly loginShell?: boolean;
}

/** `convocate install`: this machine's programs, user and keys, and the release that `update` rolls out. */
export async function install(options: InstallOptions): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new RefusedError('installing needs root', { hint: 'run: sudo make install' });
  const { openBuildTree } = await import('../install/build-tree.ts');
  const { rememberChoices, settleChoices } = await import('../install/choices.ts');
  const { expectDocker } = await import('../install/docker-build.ts');
  const { installPrograms } = await import('../install/programs.ts');
  const { pruneAfterInstall } = await import('../install/prune-store.ts');
  const { makeRelease } = await import('../install/release.ts');
  const { ensureCompletionFiles } = await import('../install/completion-files.ts');
  const { ensureLoginShell } = await import('../install/login-shell.ts');
  const { lockInstall } = await import('../install/one-at-a-time.ts');
  const { ensureSigningKey, ensureUser, restartStatusService } = await import('../install/shell-host.ts');
  const say = (text: string): void => void process.stdout.write(`${text}\n`);

  const tree = await openBuildTree();
  if (!isVersion(tree.version))
    throw new RefusedError(`${tree.version} cannot be a version: it is no Docker tag`);
  await using _lock = await lockInstall();
  const choices = await settleChoices(options);
  await expectDocker();
  await ensureUser(say);
  await ensureSigningKey(say);
  say(`session image: base ${choices.base_image}, ${choices.toolchain} toolchain`);
  const manifest = await makeRelease({ tree, choices, say });
  await installPrograms(tree, manifest); // only now: where no release could be made, the programs stay those of the one before
  await ensureCompletionFiles(say);
  await rememberChoices(choices);
  await pruneAfterInstall(say); // before the restart: the service that runs knows what the agents are on
  await restartStatusService(tree, say);
  if (choices.login_shell !== false) await ensureLoginShell(say);
  say(`this machine is on ${manifest.version}; agents follow with: convocate-host update --host HOST`);
}

export function addInstallCommand(program: Command): void {
  program
    .command('install')
    .description(
      'install this build here: programs, user and login shell, keys, and the release with its image (root)',
    )
    .option(
      '--base-image <ref>',
      'image to build on, or debootstrap:<suite>; remembered (first: ubuntu:24.04)',
    )
    .option('--toolchain <kind>', 'full, or minimal for tests; remembered (first: full)')
    .option('--login-shell', 'make convocate what logs in as claude; so it is unless said otherwise')
    .option('--no-login-shell', 'leave the login shell of claude as it is; remembered')
    .action(install);
}
