import { rm, stat } from 'node:fs/promises';
import { OperationError } from '../../base/errors.ts';
import { missingLayers, openImageArchive } from '../../release/image-archive.ts';
import { IMAGE_CONFIG_FILE, IMAGE_MANIFEST_FILE, type ReleaseImage } from '../../release/manifest.ts';
import { type DockerImages, type ImageFacts } from '../docker/images.ts';
import { type InstalledRelease, readReleaseFile } from '../release-home.ts';
import { stagedLayerPath } from './receive-layer.ts';

/** The script inside the image that says whether all a session needs is there. */
const CHECK_PROGRAM = '/usr/local/lib/convocate-session/check';
/** Images that are loaded and not proven yet. */
export const STAGING_REPOSITORY = 'convocate-staging';
export const PROOF_LABEL = 'convocate.proof';

/**
 * Puts the image of `release` into Docker from the layers that were staged, leaving out those Docker has, and gives
 * it its tag only after the proof: no error while loading, exactly the release's layers, the id that this kind of
 * store must give it, and a container from it that runs. On failure the temporary tag goes again.
 */
export async function stageImage(
  release: InstalledRelease,
  docker: DockerImages,
): Promise<'present' | 'loaded'> {
  const { image, version } = release.manifest;
  const present = await docker.inspect(image.tag);
  if (present && isTheImage(present, image)) {
    await dropStaged(image);
    return 'present';
  }
  const temporary = `${STAGING_REPOSITORY}:${version}`;
  const config = await readReleaseFile(release, IMAGE_CONFIG_FILE);
  const manifest = await readReleaseFile(release, IMAGE_MANIFEST_FILE);
  const layerFiles = await stagedLayers(missingLayers(image.layers, await docker.chains()));
  try {
    await docker.load(openImageArchive({ image, config, manifest, tag: temporary, layerFiles }));
    await proveImage(temporary, image, docker);
    await docker.tag(temporary, image.tag);
  } finally {
    await docker.untag(temporary);
  }
  await dropStaged(image);
  return 'loaded';
}

/** Docker has exactly this image under `reference`, and a container from it runs; throws where not. */
export async function proveImage(
  reference: string,
  image: ReleaseImage,
  docker: DockerImages,
): Promise<void> {
  const found = await docker.inspect(reference);
  if (!found || !isTheImage(found, image)) {
    throw new OperationError(`Docker took the image of ${image.tag}, but what it has is not that image`, {
      output: found ? `id ${found.id}, ${found.layers.length} layers` : 'no such image',
      hint: 'check the disk of this host, then run the update again: the whole image is sent then',
    });
  }
  const trial = await docker.tryOut(reference, CHECK_PROGRAM, PROOF_LABEL);
  if (trial.exitCode !== 0) {
    throw new OperationError(`a container from ${image.tag} does not run`, {
      argv: [CHECK_PROGRAM],
      exitCode: trial.exitCode,
      output: trial.output,
      hint: 'mend image/ and build a new release; nothing was activated',
    });
  }
}

/** The same layers, and the id which a graph driver or the containerd store gives to exactly this image. */
export function isTheImage(found: ImageFacts, image: ReleaseImage): boolean {
  const ids = [`sha256:${image.config_digest}`, `sha256:${image.manifest_digest}`];
  return (
    ids.includes(found.id) &&
    found.layers.length === image.layers.length &&
    found.layers.every((layer, index) => layer === image.layers[index]?.diff_id)
  );
}

/** The files that the layers were received into; they are unpacked on their way into Docker. */
async function stagedLayers(layers: readonly { diff_id: string }[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { diff_id } of layers) {
    const file = stagedLayerPath(diff_id);
    if (!(await stat(file).catch(() => undefined))) {
      throw new OperationError(`layer ${diff_id.slice(0, 12)} was not sent and Docker does not have it`, {
        hint: 'an image was removed on this host meanwhile; run the update again',
      });
    }
    files.set(diff_id, file);
  }
  return files;
}

async function dropStaged(image: ReleaseImage): Promise<void> {
  for (const { diff_id } of image.layers) await rm(stagedLayerPath(diff_id), { force: true });
}
