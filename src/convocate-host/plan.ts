import type { Manifest } from '../release/manifest.ts';
import type { HostFacts } from './facts.ts';
import type { FileChange, Plan, PlanInput, PlannedBlob } from './plan-types.ts';

/** Files above this travel alone, so that a cut costs little. */
export const LARGE_BYTES = 4 * 1024 * 1024;
const MIB = 1024 * 1024;
/** Room left over for logs and the like, beyond what the release itself takes. */
const SPARE_BYTES = 64 * MIB;

/** All of the plan but the size of an archive that only exists once the plan says what goes into it. */
export type Decisions = Omit<Plan, 'releaseBytes'>;

export function planUpdate(input: PlanInput): Decisions {
  const { facts, manifest } = input;
  const staged = facts.releases.get(manifest.version) === input.manifestDigest;
  const missingFiles = manifest.files.filter((file) => facts.blobs.get(file.sha256) !== file.size);
  const stageRelease = !staged || missingFiles.length > 0;
  const files = uniqueBlobs(missingFiles.map((file) => plannedBlob(file.path, file.sha256, input)));
  const imageIsThere = hasImage(facts, manifest);
  const layers = imageIsThere ? [] : input.layers;
  const changes = [...planHostFiles(input), ...planLinks(input)];
  const activate = changes.length > 0 || stageRelease || needsSystemd(facts);
  return {
    version: manifest.version,
    imageTag: manifest.image.tag,
    fromVersion: facts.liveVersion,
    refusals: findRefusals(input, missingFiles, layers.length > 0 ? input.missingLayers : []),
    warnings: sessionsOnOtherImages(facts, manifest.image.tag),
    stageRelease,
    smallFiles: files.filter((file) => file.packedBytes <= LARGE_BYTES),
    largeFiles: files.filter((file) => file.packedBytes > LARGE_BYTES),
    layers,
    sharedLayers: manifest.image.layers.length - input.missingLayers.length,
    loadImage: !imageIsThere,
    changes,
    activate,
    daemonReload:
      facts.unit['NeedDaemonReload'] === 'yes' ||
      changes.some((change) => input.hostFiles.some((file) => file.systemd && file.path === change.path)),
    restart: activate || facts.unit['ActiveState'] !== 'active' || facts.runningVersion !== manifest.version,
  };
}

/** Bytes that will cross the network for the release; the scripts and answers around them are a few kilobytes more. */
export function bytesToSend(plan: Plan): number {
  return [...plan.largeFiles, ...plan.layers].reduce(
    (sum, blob) => sum + blob.packedBytes - blob.offset,
    plan.releaseBytes,
  );
}

export function isNothingToDo(plan: Decisions): boolean {
  return !plan.stageRelease && !plan.loadImage && !plan.activate && !plan.restart;
}

function hasImage(facts: HostFacts, manifest: Manifest): boolean {
  const { tag, config_digest, manifest_digest, layers } = manifest.image;
  return (facts.docker?.images ?? []).some(
    (image) =>
      image.tags.includes(tag) &&
      [`sha256:${config_digest}`, `sha256:${manifest_digest}`].includes(image.id) &&
      image.layers.join() === layers.map((layer) => layer.diff_id).join(),
  );
}

function plannedBlob(what: string, sha256: string, input: PlanInput): PlannedBlob {
  const packedBytes = input.packedBytes.get(sha256) ?? 0;
  return { what, sha256, packedBytes, offset: Math.min(input.facts.parts.get(sha256) ?? 0, packedBytes) };
}

function uniqueBlobs(blobs: readonly PlannedBlob[]): PlannedBlob[] {
  return [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
}

/** systemd was cut off from a change of its units, or would not start the agent at the next boot. */
function needsSystemd({ unit }: HostFacts): boolean {
  return unit['NeedDaemonReload'] === 'yes' || unit['UnitFileState'] !== 'enabled';
}

function planHostFiles({ facts, hostFiles }: PlanInput): FileChange[] {
  return hostFiles.flatMap((file) => {
    const found = facts.files.get(file.path);
    if (found?.text === file.text && found.mode === file.mode) return [];
    const change: FileChange = { path: file.path, before: found?.text, after: file.text };
    return [found && found.mode !== file.mode ? { ...change, modes: [found.mode, file.mode] } : change];
  });
}

function planLinks({ facts, manifest, paths }: PlanInput): FileChange[] {
  const link = (version: string): string => `-> ${paths.releasesDir}/${version}\n`;
  const live = facts.liveVersion;
  const isLeft = live !== undefined && live !== manifest.version && live !== facts.previousVersion;
  const wayBack = isLeft
    ? [
        {
          path: paths.previous,
          before: facts.previousVersion && link(facts.previousVersion),
          after: link(live),
        },
      ]
    : [];
  const current =
    live === manifest.version
      ? []
      : [{ path: paths.current, before: live && link(live), after: link(manifest.version) }];
  const stamp =
    facts.stamp === manifest.image.tag
      ? []
      : [{ path: paths.stamp, before: facts.stamp && `${facts.stamp}\n`, after: `${manifest.image.tag}\n` }];
  return [...wayBack, ...current, ...stamp];
}

function sessionsOnOtherImages(facts: HostFacts, tag: string): string[] {
  return (facts.docker?.containers ?? [])
    .filter((container) => container.running && container.image !== tag)
    .map((container) => {
      const uuid = container.name.replace(/^convocate-session-/, '');
      const name = facts.sessionNames.get(uuid) ?? uuid;
      return `session ${name} (${uuid}) runs on ${container.image} and stays there until its (K)ill and (R)estart`;
    })
    .toSorted();
}

function findRefusals(
  { facts, manifest, manifestDigest, signers, paths }: PlanInput,
  files: readonly { readonly size: number }[],
  layers: readonly { readonly size: number }[],
): string[] {
  const refusals: string[] = [];
  const { machine, glibc } = manifest.requires;
  if (facts.machine !== machine)
    refusals.push(`its CPU is ${facts.machine}; this release is built for ${machine}`);
  if (!isAtLeast(facts.glibc, glibc)) {
    refusals.push(
      `its C library is glibc ${facts.glibc || 'of no known version'}; this release needs ${glibc} or later`,
    );
  }
  if (!facts.libstdcxx) refusals.push('libstdc++6 is not installed');
  if (!facts.systemd) refusals.push('systemd does not run there');
  if (!facts.docker) refusals.push('Docker is missing or does not answer: systemctl status docker');
  else if (facts.docker.cgroupDriver !== 'systemd') {
    refusals.push(`Docker's cgroup driver is ${facts.docker.cgroupDriver}, not systemd`);
  }
  const held = facts.releases.get(manifest.version);
  const isInUse = [facts.liveVersion, facts.previousVersion].includes(manifest.version);
  if (held !== undefined && held !== manifestDigest && isInUse) {
    refusals.push(
      `it holds another build of ${manifest.version}, and a release never changes: commit, and build again`,
    );
  }
  if (facts.allowedSigners !== '' && facts.allowedSigners !== signers) {
    refusals.push(
      `it takes releases from another cluster only; where that one's signing key is gone for good, remove ` +
        `${paths.allowedSigners} there, then run init-agent for it`,
    );
  }
  const layerBytes = sum(layers);
  const needs = [
    { place: 'docker', bytes: layerBytes * 2, why: 'the image' },
    { place: 'other', bytes: sum(files) * 2 + layerBytes * 2, why: 'the program and the image on its way' },
  ];
  for (const { place, bytes, why } of needs) {
    if (bytes === 0) continue;
    const [where, free] = leastFree(facts, place);
    if (free < bytes + SPARE_BYTES) {
      refusals.push(
        `its disk is too small: ${toMib(free)} MiB free at ${where}, ${toMib(bytes + SPARE_BYTES)} needed for ${why}`,
      );
    }
  }
  return refusals;
}

function leastFree(facts: HostFacts, place: string): [string, number] {
  if (place === 'docker') return ["Docker's data", facts.docker?.freeBytes ?? 0];
  const places = [...facts.freeBytes].filter(([name]) => name !== 'docker');
  return places.toSorted((a, b) => a[1] - b[1])[0] ?? ['/', 0];
}

/** Compares dotted versions number by number: 2.9 is older than 2.28. */
function isAtLeast(found: string, needed: string): boolean {
  const a = found.split('.').map(Number);
  for (const [index, part] of needed.split('.').map(Number).entries()) {
    const other = a[index] ?? 0;
    if (Number.isNaN(other)) return false;
    if (other !== part) return other > part;
  }
  return true;
}

function sum(things: readonly { readonly size: number }[]): number {
  return things.reduce((total, thing) => total + thing.size, 0);
}

function toMib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
