import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RefusedError } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { imageTagOf } from '../../protocol/ids.ts';
import { PROTOCOL_RANGE } from '../../protocol/version.ts';
import { HOST_FILES, HOST_FILES_INDEX } from '../../release/host-files.ts';
import {
  IMAGE_CONFIG_FILE,
  IMAGE_MANIFEST_FILE,
  type Manifest,
  type ReleaseFile,
} from '../../release/manifest.ts';
import { Measure } from '../../release/blob-store.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { importSavedImage } from '../../release/saved-image.ts';
import { signManifest } from '../../release/signature.ts';
import { openShell } from '../commands/open-shell.ts';
import { type BuildTree, type TreeFile, isProgram, readFolder } from './build-tree.ts';
import type { InstallChoices } from './choices.ts';
import { buildImage, digestOfFiles, hasImage, imageId, saveImage } from './docker-build.ts';

/** Files of the built tree that travel to agent hosts. */
const AGENT_FILES = [
  ...['VERSION', 'convocate-agent', 'runtime/node'],
  ...['lib/convocate-agent.mjs', 'lib/dockerode.cjs', 'lib/ssh2.cjs'],
];
/** What Node 24 needs of a host; see docs/decisions/0003-runtime.md. */
const REQUIRES = { machine: 'x86_64', glibc: '2.28' };

export interface ReleaseInputs {
  readonly tree: BuildTree;
  readonly choices: InstallChoices;
  /** A reference to build from, already in Docker here. */
  readonly baseImage: string;
  readonly say: (text: string) => void;
}

/**
 * Makes the release of a built tree and stores it, signed (decision 1). The same inputs are not built twice; the same
 * version from other inputs is refused, because a release never changes. Only a "-dirty" one, which nobody can check
 * out again anyway, may be replaced.
 */
export async function makeRelease({ tree, choices, baseImage, say }: ReleaseInputs): Promise<Manifest> {
  const store = new ReleaseStore(SHELL_HOST.stateDir);
  const toolchain = await ensureToolchain(tree, choices, baseImage, say);
  const context = (await readFolder(join(tree.directory, 'image'))).filter(
    ({ path }) => path === 'Dockerfile' || path.startsWith('rootfs/'),
  );
  const programFiles = await describeProgramFiles(tree);
  const inputs = createHash('sha256')
    .update(`${digestOfFiles(context)} ${await imageId(toolchain)} ${JSON.stringify(programFiles)}`)
    .digest('hex');

  const existing = await store.find(tree.version);
  const tag = imageTagOf(tree.version);
  if (existing?.manifest.inputs_digest === inputs) {
    say(`release ${tree.version} is stored already`);
    await storeProgramFiles(store, tree, programFiles);
    await store.makeCurrent(tree.version);
    return existing.manifest;
  }
  if (existing) await replaceOrRefuse(tree.version, say);

  await storeProgramFiles(store, tree, programFiles);
  say(`building ${tag}`);
  await buildImage(tag, context, { TOOLCHAIN_IMAGE: toolchain });
  const imported = await importSavedImage(saveImage(tag), store.blobs);
  const documents = await Promise.all([
    storeBytes(store, IMAGE_CONFIG_FILE, imported.config),
    storeBytes(store, IMAGE_MANIFEST_FILE, imported.manifest),
  ]);
  const manifest: Manifest = {
    format: 1,
    version: tree.version,
    git_revision: tree.gitRevision,
    protocol: PROTOCOL_RANGE,
    requires: REQUIRES,
    inputs_digest: inputs,
    files: [...programFiles, ...documents],
    image: { tag, ...imported.image, base: choices.base_image, toolchain: choices.toolchain },
  };
  await store.save(manifest, (text) => signManifest(text, SHELL_HOST.signingKeyFile));
  await store.makeCurrent(tree.version);
  say(`stored and signed release ${tree.version}`);
  return manifest;
}

/** The slow layers, under a name that follows from their inputs: releases that share them share their layers. */
async function ensureToolchain(
  tree: BuildTree,
  choices: InstallChoices,
  baseImage: string,
  say: (text: string) => void,
): Promise<string> {
  const context = await readFolder(join(tree.directory, 'image/toolchain'));
  const tag = toolchainTag(context, await imageId(baseImage), choices.toolchain);
  if (await hasImage(tag)) return tag;
  say(`building the ${choices.toolchain} toolchain on ${baseImage}; this takes some minutes, once`);
  await buildImage(tag, context, { BASE_IMAGE: baseImage, TOOLCHAIN: choices.toolchain });
  return tag;
}

/** Follows from all that goes into it, so that a change of any of it makes another image. */
export function toolchainTag(context: readonly TreeFile[], baseId: string | undefined, kind: string): string {
  const inputs = `${digestOfFiles(context)} ${baseId} ${kind}`;
  return `convocate-toolchain:${createHash('sha256').update(inputs).digest('hex').slice(0, 16)}`;
}

async function replaceOrRefuse(version: string, say: (text: string) => void): Promise<void> {
  const hint =
    'commit or tag your change, so that it gets a version of its own, then build and install again';
  if (!version.endsWith('-dirty')) {
    throw new RefusedError(
      `release ${version} is stored already, with other content; a release never changes`,
      { hint },
    );
  }
  const holders = await agentsOn(version);
  if (holders.length > 0) {
    const hosts = holders.join(', ');
    throw new RefusedError(
      `another build of ${version} is live on ${hosts}, so this one cannot take its name`,
      { hint },
    );
  }
  say(`warning: replacing ${version}, which was built from other sources`);
}

/** Hosts whose agent answers with this version. Where no service runs here yet, no agent can have it from here. */
async function agentsOn(version: string): Promise<string[]> {
  const agents = await openShell()
    .agents()
    .catch(() => []);
  return agents.filter((agent) => agent.version === version).map((agent) => agent.host);
}

/** What travels to agent hosts, known by its digests before anything is stored: a refusal must leave no trace. */
async function describeProgramFiles(tree: BuildTree): Promise<ReleaseFile[]> {
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

/** A blob that a disk has damaged meanwhile is stored again: that is what whoever finds one is told to have done. */
export async function storeProgramFiles(
  store: ReleaseStore,
  tree: Pick<BuildTree, 'directory'>,
  files: readonly ReleaseFile[],
): Promise<void> {
  for (const { path, sha256 } of files) {
    if (await store.blobs.isWhole(sha256, 'gz')) continue;
    await store.blobs.put(createReadStream(sourceOf(tree, path)), 'gz');
  }
}

function sourceOf(tree: Pick<BuildTree, 'directory'>, path: string): string {
  return join(tree.directory, path.startsWith('skel/') ? join('image', path) : path);
}

async function storeBytes(store: ReleaseStore, path: string, content: Buffer): Promise<ReleaseFile> {
  const blob = await store.blobs.putBytes(content, 'gz');
  return { path, sha256: blob.sha256, size: blob.size, executable: false };
}

async function startsAsProgram(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 3 }) as AsyncIterable<Buffer>)
    return isProgram(chunk);
  return false;
}
