import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { RefusedError } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { imageTagOf } from '../../protocol/ids.ts';
import { PROTOCOL_RANGE } from '../../protocol/version.ts';
import {
  IMAGE_CONFIG_FILE,
  IMAGE_MANIFEST_FILE,
  type Manifest,
  type ReleaseFile,
} from '../../release/manifest.ts';
import { ReleaseStore, type StoredRelease } from '../../release/release-store.ts';
import { importSavedImage } from '../../release/saved-image.ts';
import { signManifest } from '../../release/signature.ts';
import { openShell } from '../commands/open-shell.ts';
import { ensureBaseImage } from './base-image.ts';
import { type BuildTree, type TreeFile, readFolder } from './build-tree.ts';
import type { InstallChoices } from './choices.ts';
import { buildImage, digestOfFiles, hasImage, imageId, saveImage } from './docker-build.ts';
import { describeProgramFiles, storeProgramFiles } from './program-files.ts';

/** Of what sessions are built on: everything below our own files. */
export const TOOLCHAIN_REPOSITORY = 'convocate-toolchain';
/** What Node 24 needs of a host; see docs/decisions/0003-runtime.md. */
const REQUIRES = { machine: 'x86_64', glibc: '2.28' };

export interface ReleaseInputs {
  readonly tree: BuildTree;
  readonly choices: InstallChoices;
  readonly say: (text: string) => void;
}

/**
 * Makes the release of a built tree and stores it, signed (decision 1). The same inputs are not built twice; the same
 * version from other inputs is refused, because a release never changes. Only a "-dirty" one, which nobody can check
 * out again anyway, may be replaced.
 */
export async function makeRelease({ tree, choices, say }: ReleaseInputs): Promise<Manifest> {
  const store = new ReleaseStore(SHELL_HOST.stateDir);
  const context = (await readFolder(join(tree.directory, 'image'))).filter(
    ({ path }) => path === 'Dockerfile' || path.startsWith('rootfs/'),
  );
  const toolchainContext = await readFolder(join(tree.directory, 'image/toolchain'));
  const programFiles = await describeProgramFiles(tree);
  const inputs = inputsDigest(choices, [context, toolchainContext], programFiles);

  const existing = await store.find(tree.version);
  if (existing?.manifest.inputs_digest === inputs) {
    say(`release ${tree.version} is stored already`);
    await storeProgramFiles(store, tree, programFiles);
    await keepSigned(store, existing, (text) => signManifest(text, SHELL_HOST.signingKeyFile), say);
    await store.makeCurrent(tree.version);
    return existing.manifest;
  }
  if (existing) await replaceOrRefuse(existing.manifest, choices, say);

  const toolchain = await ensureToolchain(toolchainContext, choices, say);
  await storeProgramFiles(store, tree, programFiles);
  const tag = imageTagOf(tree.version);
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

/**
 * Of what a checkout and the choices say, not of the images that Docker has for them here today: a base that was pulled
 * again must not bar the way back to a version that is stored.
 */
export function inputsDigest(
  { base_image, toolchain }: InstallChoices,
  contexts: readonly (readonly TreeFile[])[],
  programFiles: readonly ReleaseFile[],
): string {
  const inputs = [base_image, toolchain, contexts.map(digestOfFiles), programFiles];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

/** Ed25519 signs the same text always the same way, so another signature is one of a key that was replaced since. */
export async function keepSigned(
  store: ReleaseStore,
  { manifest, manifestText, signature }: StoredRelease,
  sign: (text: string) => Promise<string>,
  say: (text: string) => void,
): Promise<void> {
  const today = await sign(manifestText);
  if (today === signature) return;
  await store.replaceSignature(manifest.version, today);
  say("signed it anew, with today's key");
}

/** The slow layers, under a name that follows from their inputs: releases that share them share their layers. */
async function ensureToolchain(
  context: readonly TreeFile[],
  choices: InstallChoices,
  say: (text: string) => void,
): Promise<string> {
  const baseImage = await ensureBaseImage(choices.base_image, say);
  const tag = toolchainTag(context, await imageId(baseImage), choices.toolchain);
  if (await hasImage(tag)) return tag;
  say(`building the ${choices.toolchain} toolchain on ${baseImage}; this takes some minutes, once`);
  await buildImage(tag, context, { BASE_IMAGE: baseImage, TOOLCHAIN: choices.toolchain });
  return tag;
}

/** Follows from all that goes into it, so that a change of any of it makes another image. */
export function toolchainTag(context: readonly TreeFile[], baseId: string | undefined, kind: string): string {
  const inputs = `${digestOfFiles(context)} ${baseId} ${kind}`;
  return `${TOOLCHAIN_REPOSITORY}:${createHash('sha256').update(inputs).digest('hex').slice(0, 16)}`;
}

async function replaceOrRefuse(
  { version, image }: Manifest,
  choices: InstallChoices,
  say: (text: string) => void,
): Promise<void> {
  const isOfSameChoices = image.base === choices.base_image && image.toolchain === choices.toolchain;
  const flags = `INSTALL_FLAGS="--base-image ${image.base} --toolchain ${image.toolchain}"`;
  const hint = isOfSameChoices
    ? 'commit or tag your change, so that it gets a version of its own, then build and install again'
    : `it was built with other choices; install it with those: make install ${flags}`;
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

async function storeBytes(store: ReleaseStore, path: string, content: Buffer): Promise<ReleaseFile> {
  const blob = await store.blobs.putBytes(content, 'gz');
  return { path, sha256: blob.sha256, size: blob.size, executable: false };
}
