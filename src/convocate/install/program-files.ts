import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OperationError } from '../../base/errors.ts';
import { Measure } from '../../release/blob-store.ts';
import { HOST_FILES, HOST_FILES_INDEX } from '../../release/host-files.ts';
import { type Manifest, type ReleaseFile, fileOf } from '../../release/manifest.ts';
import type { ReleaseStore } from '../../release/release-store.ts';
import { type BuildTree, isProgram, readFolder } from './build-tree.ts';

/** Files of the built tree that travel to agent hosts. */
const AGENT_FILES = [
  ...['VERSION', 'convocate-agent', 'runtime/node'],
  ...['lib/convocate-agent.mjs', 'lib/dockerode.cjs', 'lib/ssh2.cjs'],
];
/** What travels to agent hosts, known by its digests before anything is stored: a refusal must leave no trace. */
export async function describeProgramFiles(tree: BuildTree): Promise<ReleaseFile[]> {
  const paths = [...AGENT_FILES, ...HOST_FILES.map((file) => file.from), HOST_FILES_INDEX];
  const skel = await readFolder(join(tree.directory, 'image/skel'));
  const described: ReleaseFile[] = [];
  for (const path of [...paths, ...skel.map((file) => `skel/${file.path}`)]) {
    const source = sourceOf(tree, path);
    const measure = new Measure();
    await pipeline(createReadStream(source), measure.resume());
    const executable = !path.startsWith('skel/') && (await startsAsProgram(source));
    described.push({ path, sha256: measure.digest(), size: measure.size, executable });
  }
  return described;
}

/**
 * A blob that a disk has damaged meanwhile is stored again: that is what whoever finds one is told to have done. Throws
 * OperationError where the tree is not any more what was described.
 */
export async function storeProgramFiles(
  store: ReleaseStore,
  tree: Pick<BuildTree, 'directory'>,
  files: readonly ReleaseFile[],
): Promise<void> {
  for (const { path, sha256 } of files) {
    if (await store.blobs.isWhole(sha256, 'gz')) continue;
    const stored = await store.blobs.put(createReadStream(sourceOf(tree, path)), 'gz');
    if (stored.sha256 !== sha256) throw builtMeanwhile(tree, path);
  }
}

/** The copy that the programs run from has to be of the release, though somebody may build into the tree meanwhile. */
export async function expectSameFiles(tree: BuildTree, release: Manifest): Promise<void> {
  for (const { path, sha256 } of await describeProgramFiles(tree))
    if (fileOf(release, path).sha256 !== sha256) throw builtMeanwhile(tree, path);
}

function builtMeanwhile({ directory }: Pick<BuildTree, 'directory'>, path: string): OperationError {
  return new OperationError(`${path} in ${directory} changed while it was installed`, {
    hint: 'let nobody build there meanwhile, then run this again',
  });
}

function sourceOf(tree: Pick<BuildTree, 'directory'>, path: string): string {
  return join(tree.directory, path.startsWith('skel/') ? join('image', path) : path);
}

async function startsAsProgram(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 3 }) as AsyncIterable<Buffer>)
    return isProgram(chunk);
  return false;
}
