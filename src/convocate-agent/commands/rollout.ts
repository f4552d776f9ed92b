import { UsageError } from '../../base/errors.ts';
import { printJson } from './print-json.ts';

/** The small verbs that a rollout needs on the host. Each acts on the release that it is itself part of. */

/** `receive-layer <diffID> --offset N --size N`: packed bytes on stdin, from the offset to the size. */
export async function receiveLayerVerb(
  diffId: string,
  options: { readonly offset: string; readonly size: string },
): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(diffId)) throw new UsageError('a layer is named by its SHA-256 in hex');
  const [offset, sizeBytes] = [parseBytes('--offset', options.offset), parseBytes('--size', options.size)];
  const { receiveLayer } = await import('../activation/receive-layer.ts');
  await receiveLayer(diffId, { offset, sizeBytes }, process.stdin);
}

function parseBytes(option: string, text: string): number {
  const bytes = Number(text);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new UsageError(`${option} takes a number of bytes`);
  return bytes;
}

/** `stage-image`: from staged layers to a proven image in Docker, without effect on what is live. */
export async function stageImageVerb(): Promise<void> {
  const { openOwnRelease } = await import('../release-home.ts');
  const { stageImage } = await import('../activation/stage-image.ts');
  const { DockerImages } = await import('../docker/images.ts');
  printJson({ image: await stageImage(await openOwnRelease(), new DockerImages()) });
}

/** `activate`: makes this release the live one. */
export async function activateVerb(): Promise<void> {
  const { openOwnRelease } = await import('../release-home.ts');
  const { activate } = await import('../activation/activate.ts');
  const { DockerImages } = await import('../docker/images.ts');
  printJson(await activate(await openOwnRelease(), new DockerImages()));
}

/** `prune`: removes images and releases that nothing needs. */
export async function pruneVerb(options: { readonly json?: boolean }): Promise<void> {
  const { prune } = await import('../activation/prune.ts');
  const { DockerImages } = await import('../docker/images.ts');
  const report = await prune(new DockerImages());
  if (options.json) printJson(report);
  else for (const image of report.removedImages) process.stdout.write(`removed ${image}\n`);
}
