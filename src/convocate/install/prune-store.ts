import { bytesText } from '../../base/bytes-text.ts';
import { OperationError, messageOf } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { packedLayerName } from '../../protocol/layer-transfer.ts';
import { INCOMING, type StoredEntry } from '../../release/blob-store.ts';
import type { Manifest } from '../../release/manifest.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { openShell } from '../commands/open-shell.ts';
import { pruneImages } from './prune-images.ts';

/** Beside the current release and those that agents are on; they share most of what they are made of. */
const KEPT_OTHERS = 10;
/** Nothing takes so long to be packed or patched. */
const INCOMING_MS = 24 * 60 * 60 * 1000;
const BLOB = /^[0-9a-f]{64}\./;

export interface InstalledVersion {
  readonly version: string;
  readonly installedMs: number;
}

/** What `convocate install` ends with: neither store nor Docker must grow for ever. That it fails is no reason to fail an install. */
export async function pruneAfterInstall(say: (text: string) => void): Promise<void> {
  let what = 'releases';
  try {
    const agents = await openShell()
      .agents()
      .catch(() => []); // no service here yet, or it is down: then the newest have to do
    const running = agents.map(({ version }) => version);
    const store = new ReleaseStore(SHELL_HOST.stateDir);
    const said = await pruneStore(store, running, Date.now());
    if (said !== undefined) say(said);
    what = 'images';
    await pruneImages(await manifestsOf(store, await store.versions()), say);
  } catch (error) {
    say(`warning: old ${what} were not pruned, which does no harm: ${messageOf(error)}`);
  }
}

/**
 * Removes old releases, and what none of the others is made of; says what went. A host's way back does not need its
 * release here. Throws {@link OperationError}, before anything is removed, where it cannot be known what a release that
 * stays is made of.
 */
export async function pruneStore(
  store: ReleaseStore,
  running: readonly string[],
  nowMs: number,
): Promise<string | undefined> {
  const current = await store.currentVersion();
  const versions = await Promise.all(
    (await store.versions()).map(async (version) => ({
      version,
      installedMs: await store.installedAt(version),
    })),
  );
  const old = oldVersions(versions, [current, ...running]);
  const stay = versions.map(({ version }) => version).filter((version) => !old.includes(version));
  const kept = await manifestsOf(store, stay);
  const unneeded = unneededEntries(await store.blobs.entries(), kept, nowMs);
  // A release goes before its blobs: what is cut off leaves no release that lacks some.
  for (const version of old) await store.remove(version);
  for (const { name } of unneeded) await store.blobs.removeEntry(name);
  if (old.length + unneeded.length === 0) return undefined;
  const bytes = unneeded.reduce((sum, { size }) => sum + size, 0);
  return `pruned ${old.length} old releases, and ${unneeded.length} blobs that no other has: ${bytesText(bytes)} freed`;
}

/** All but the `needed` and the newest others. */
export function oldVersions(
  versions: readonly InstalledVersion[],
  needed: readonly (string | undefined)[],
): string[] {
  return versions
    .filter(({ version }) => !needed.includes(version))
    .toSorted((a, b) => b.installedMs - a.installedMs)
    .slice(KEPT_OTHERS)
    .map(({ version }) => version);
}

/**
 * Blobs that none of `kept` names, patches of which it does not have both layers, and what was left of one that was
 * being made. What else lies there is none of ours.
 */
export function unneededEntries(
  entries: readonly StoredEntry[],
  kept: readonly Manifest[],
  nowMs: number,
): StoredEntry[] {
  const layers = [...new Set(kept.flatMap(({ image }) => image.layers.map(({ diff_id }) => diff_id)))];
  const needed = new Set([
    ...kept.flatMap(({ files }) => files.map(({ sha256 }) => `${sha256}.gz`)),
    ...layers.map((layer) => packedLayerName(layer)),
    ...layers.flatMap((layer) => layers.map((base) => packedLayerName(layer, base))),
  ]);
  return entries.filter(({ name, changedMs }) => {
    // One that is being made is of now, whatever the clock says; one from the future was made before it was set.
    if (name.startsWith(INCOMING)) return Math.abs(nowMs - changedMs) > INCOMING_MS;
    return BLOB.test(name) && !needed.has(name);
  });
}

async function manifestsOf(store: ReleaseStore, versions: readonly string[]): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const version of versions) {
    const release = await store.find(version);
    if (!release)
      throw new OperationError(`release ${version} lies here without its manifest or its signature`);
    manifests.push(release.manifest);
  }
  return manifests;
}
