import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RefusedError, codeOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { IMAGE_REPOSITORY, versionOfImageTag } from '../../protocol/ids.ts';
import { requireSettled } from '../dead-man/rollout-state.ts';
import type { DockerImages } from '../docker/images.ts';
import { pruneLeftovers } from './prune-leftovers.ts';
import { PROOF_LABEL, STAGING_REPOSITORY } from './stage-image.ts';

export interface PruneReport {
  readonly keptVersions: readonly string[];
  readonly removedImages: readonly string[];
  readonly removedReleases: readonly string[];
  /** What cut transfers left. */
  readonly removedLeftovers: readonly string[];
}

/**
 * Removes what nothing needs any more. Kept: the current release, the previous one (the way back), and every release
 * whose image some container, running or stopped, was made from: such a session can be restarted or rolled back to.
 * Whoever calls holds the rollout lock: what is staged is not current yet, and would look like waste. Throws
 * RefusedError while a rollout is open: what the way back from it needs is named by no link then.
 */
export async function prune(docker: DockerImages): Promise<PruneReport> {
  await requireSettled('so nothing was removed');
  const live = await versionBehind(AGENT_HOST.currentLink);
  if (live === undefined) {
    throw new RefusedError('no release is live on this host, so nothing was removed', {
      hint: 'run `convocate-host update` for this host',
    });
  }
  const kept = new Set([live]);
  const previous = await versionBehind(AGENT_HOST.previousLink);
  if (previous !== undefined) kept.add(previous);
  await docker.removeTrials(PROOF_LABEL);
  const used = await docker.usedByContainers();
  const tags = await docker.tagsOf(IMAGE_REPOSITORY);
  for (const tag of tags) {
    const image = await docker.inspect(tag);
    if (used.has(tag) || (image && used.has(image.id))) kept.add(versionOfImageTag(tag) ?? tag);
  }

  const removedImages = [
    ...tags.filter((tag) => !kept.has(versionOfImageTag(tag) ?? tag)),
    ...(await docker.tagsOf(STAGING_REPOSITORY)), // of a load that was cut off
  ];
  for (const tag of removedImages) await docker.untag(tag);
  const releases = await readdir(AGENT_HOST.releasesDir).catch(() => []);
  // The containerd store does not list an image that is broken, but knows it by its name.
  for (const name of releases) await docker.untag(`${STAGING_REPOSITORY}:${name.replace(/^\./, '')}`);
  const unused = releases.filter((name) => !name.startsWith('.') && !kept.has(name));
  const removedReleases = await oldestFirst(unused);
  for (const name of removedReleases) await rm(join(AGENT_HOST.releasesDir, name), { recursive: true });
  const removedLeftovers = await pruneLeftovers();
  await removeUnusedBlobs();
  return { keptVersions: [...kept].sort(), removedImages, removedReleases, removedLeftovers };
}

/** Undefined where there is none; a link that cannot be read is not taken for that. */
async function versionBehind(link: string): Promise<string | undefined> {
  try {
    return basename(await realpath(link));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** For people: one line for each thing that went. */
export function linesOf({ removedImages, removedReleases, removedLeftovers }: PruneReport): string[] {
  return [
    ...removedImages.map((tag) => `removed image ${tag}`),
    ...removedReleases.map((version) => `removed release ${version}`),
    ...removedLeftovers.map((name) => `removed ${name}, left of a transfer that was cut off`),
  ];
}

/** A prune that is cut off has taken what is missed least. */
async function oldestFirst(versions: readonly string[]): Promise<string[]> {
  const aged = await Promise.all(
    versions.map(async (version) => ({
      version,
      stagedAt: (await stat(join(AGENT_HOST.releasesDir, version))).mtimeMs,
    })),
  );
  return aged.toSorted((a, b) => a.stagedAt - b.stagedAt).map(({ version }) => version);
}

/** Releases hold their files as hard links to the blobs, so a blob with one link belongs to none. */
async function removeUnusedBlobs(): Promise<void> {
  for (const name of await readdir(AGENT_HOST.blobsDir).catch(() => [])) {
    const path = join(AGENT_HOST.blobsDir, name);
    if (/^[0-9a-f]{64}$/.test(name) && (await stat(path)).nlink === 1) await rm(path);
  }
}
