import { cp, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import type { Manifest } from '../../release/manifest.ts';
import type { BuildTree } from './build-tree.ts';
import { expectSameFiles } from './program-files.ts';

const BIN = '/usr/local/bin';

/**
 * Puts the three commands into /usr/local/bin, as links into a copy of the tree that was built. The copy gets its
 * name in one step, so a running `convocate` never sees half of a new one. On a machine that is an agent host too,
 * `convocate-agent` is left alone: there the live release decides what it is. Throws OperationError where the tree is not
 * that of `release` any more.
 */
export async function installPrograms(tree: BuildTree, release: Manifest): Promise<void> {
  const target = join(SHELL_HOST.programsDir, tree.version);
  if (tree.directory !== target) {
    await mkdir(SHELL_HOST.programsDir, { recursive: true });
    const fresh = join(SHELL_HOST.programsDir, `.${tree.version}.new`);
    const old = join(SHELL_HOST.programsDir, `.${tree.version}.old`);
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
    await cp(tree.directory, fresh, { recursive: true, preserveTimestamps: true });
    await expectSameFiles({ ...tree, directory: fresh }, release);
    await rename(target, old).catch(ignoreMissing);
    await rename(fresh, target);
    await rm(old, { recursive: true, force: true });
  }
  const before = await versionInUse();
  for (const program of ['convocate', 'convocate-host']) await link(program, join(target, program));
  const agent = await readlink(join(BIN, 'convocate-agent')).catch(() => undefined);
  if (agent === undefined || agent.startsWith(SHELL_HOST.programsDir)) {
    await link('convocate-agent', join(target, 'convocate-agent'));
  }
  await removeOthers([tree.version, before]);
}

async function versionInUse(): Promise<string | undefined> {
  const target = await readlink(join(BIN, 'convocate')).catch(() => undefined);
  return target && basename(dirname(target));
}

async function link(program: string, target: string): Promise<void> {
  await mkdir(BIN, { recursive: true });
  const temporary = join(BIN, `.${program}.new`);
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, join(BIN, program));
}

/** The version before this one stays, for whoever still runs it. */
async function removeOthers(kept: readonly (string | undefined)[]): Promise<void> {
  for (const name of await readdir(SHELL_HOST.programsDir)) {
    if (!kept.includes(name)) await rm(join(SHELL_HOST.programsDir, name), { recursive: true, force: true });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
