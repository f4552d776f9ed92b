import { rm } from 'node:fs/promises';
import { OperationError, messageOf } from '../../base/errors.ts';
import { type ArchiveSource, missingLayers, openImageArchive } from '../../release/image-archive.ts';
import { IMAGE_CONFIG_FILE, IMAGE_MANIFEST_FILE, type ReleaseImage } from '../../release/manifest.ts';
import { type DockerImages, type ImageFacts } from '../docker/images.ts';
import { type InstalledRelease, readReleaseFile } from '../release-home.ts';
import { STAGING_DIR } from './arriving-layer.ts';
import { askDocker, dockerTrouble, isAboutLayers, isAnswer, troubleOf } from './docker-trouble.ts';
import { SendAgainError } from './send-again.ts';

/** The script inside the image that says whether all a session needs is there. */
const CHECK_PROGRAM = '/usr/local/lib/convocate-session/check';
/** Images that are loaded and not proven yet. */
export const STAGING_REPOSITORY = 'convocate-staging';
export const PROOF_LABEL = 'convocate.proof';

/**
 * Puts the image of `release` into Docker from `layers`, which may still be arriving, and from those Docker has, and
 * gives it its tag only after the proof: no error while loading, exactly the release's layers, the id that this kind
 * of store must give it, and a container from it that runs. On failure the temporary tag goes again, and what arrived
 * of the layers stays for the next try. Throws {@link SendAgainError} where other layers would help.
 */
export async function stageImage(
  release: InstalledRelease,
  docker: DockerImages,
  layers: ArchiveSource['layers'],
): Promise<'present' | 'loaded'> {
  await askDocker(docker.removeTrials(PROOF_LABEL));
  const { image, version } = release.manifest;
  const present = await askDocker(docker.inspect(image.tag));
  if (present && isTheImage(present, image)) {
    await dropStaged();
    return 'present';
  }
  const temporary = `${STAGING_REPOSITORY}:${version}`;
  const config = await readReleaseFile(release, IMAGE_CONFIG_FILE);
  const manifest = await readReleaseFile(release, IMAGE_MANIFEST_FILE);
  try {
    await expectSent(image, layers, docker);
    await load(docker, { image, config, manifest, tag: temporary, layers });
    await proveImage(temporary, image, docker);
    await askDocker(docker.tag(temporary, image.tag));
  } catch (error) {
    await docker.untag(temporary).catch((left: unknown) => {
      // Not what this failed by, and the next prune takes it away.
      process.stderr.write(`the tag ${temporary} could not be removed: ${messageOf(left)}\n`);
    });
    throw image.layers.every(({ diff_id }) => layers.has(diff_id)) ? error : thinFailure(error);
  }
  await askDocker(docker.untag(temporary));
  await dropStaged();
  return 'loaded';
}

/** Docker has exactly this image under `reference`, and a container from it runs; throws where not. */
export async function proveImage(
  reference: string,
  image: ReleaseImage,
  docker: DockerImages,
): Promise<void> {
  await expectTheImage(reference, image, docker);
  await expectToRun(reference, image, docker);
}

/** Docker's own words for an archive that ends early hide why it did, so that reason goes first. */
async function load(docker: DockerImages, source: ArchiveSource): Promise<void> {
  const archive = openImageArchive(source);
  let broken: Error | undefined;
  archive.on('error', (error) => (broken = error));
  try {
    await docker.load(archive);
  } catch (error) {
    throw broken ?? loadFailure(error);
  } finally {
    archive.destroy(new Error('Docker takes no more of it')); // whoever reads the layers then ends
  }
}

function loadFailure(error: unknown): unknown {
  const words = messageOf(error);
  const hasAnswered = error instanceof OperationError || isAnswer(error);
  if (!hasAnswered) return troubleOf(error);
  return isAboutLayers(words) ? new LoadError(words) : dockerTrouble(words, error);
}

/** The archive was whole, and Docker answered that it did not make the image of it, or that what it made is another. */
class LoadError extends OperationError {}

/** Only trouble with the layers that were left out can be helped by sending them. */
function thinFailure(error: unknown): unknown {
  if (!(error instanceof LoadError)) return error;
  return new SendAgainError(error.message, { outcome: 'incomplete', why: error.message });
}

async function expectSent(
  image: ReleaseImage,
  layers: ArchiveSource['layers'],
  docker: DockerImages,
): Promise<void> {
  const lost = missingLayers(image.layers, await askDocker(docker.chains())).find(
    ({ diff_id }) => !layers.has(diff_id),
  );
  if (lost)
    throw new LoadError(`layer ${lost.diff_id.slice(0, 12)} was not sent and Docker does not have it`);
}

async function expectTheImage(reference: string, image: ReleaseImage, docker: DockerImages): Promise<void> {
  const found = await docker.inspect(reference).catch(wordsAboutLayers);
  if (typeof found === 'object' && isTheImage(found, image)) return;
  const what = typeof found === 'object' ? `id ${found.id}, ${found.layers.length} layers` : found;
  throw new LoadError(
    `Docker took the image of ${image.tag}, but what it has is not that image: ${what ?? 'no such image'}`,
  );
}

/** A container that cannot even be made is Docker's trouble with its layers; one that fails is the image's own. */
async function expectToRun(reference: string, image: ReleaseImage, docker: DockerImages): Promise<void> {
  const trial = await docker.tryOut(reference, CHECK_PROGRAM, PROOF_LABEL).catch((error: unknown) => {
    throw new LoadError(`Docker makes no container from ${image.tag}: ${wordsAboutLayers(error)}`);
  });
  if (trial.exitCode !== 0) {
    throw new OperationError(`a container from ${image.tag} does not run`, {
      argv: [CHECK_PROGRAM],
      exitCode: trial.exitCode,
      output: trial.output,
      hint: 'mend image/ and build a new release; nothing was activated',
    });
  }
}

/** Throws where Docker could not be asked, or answered about the machine that it runs on. */
function wordsAboutLayers(error: unknown): string {
  const words = messageOf(error);
  if (isAnswer(error) && isAboutLayers(words)) return words;
  throw troubleOf(error);
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

/** All of them: whoever stages holds the rollout lock, so what is left of another release is waste. */
async function dropStaged(): Promise<void> {
  await rm(STAGING_DIR, { recursive: true, force: true });
}
