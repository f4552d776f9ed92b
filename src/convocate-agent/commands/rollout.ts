import { UsageError } from '../../base/errors.ts';
import { SEND_AGAIN_EXIT, parseSentLayer } from '../../protocol/layer-transfer.ts';
import { printJson } from './print-json.ts';

/** The small verbs that a rollout needs on the host. Each acts on the release that it is itself part of. */

/** `stage-image --layer …`: from layers on stdin to a proven image in Docker, without effect on what is live. */
export async function stageImageVerb(options: { readonly layer: readonly string[] }): Promise<void> {
  const sent = options.layer.map((word) => {
    const layer = parseSentLayer(word);
    if (layer) return layer;
    throw new UsageError(`not a layer: ${JSON.stringify(word)}`);
  });
  const { openOwnRelease } = await import('../release-home.ts');
  const { stageArrivingImage } = await import('../activation/stage-arriving-image.ts');
  const { DockerImages } = await import('../docker/images.ts');
  // When the connection is lost, nobody reads what is printed here: the end of stdin is what ends this.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const outcome = await stageArrivingImage(
    await openOwnRelease(),
    new DockerImages(),
    { sent, stdin: process.stdin },
    (line) => void process.stdout.write(line),
  );
  printJson(outcome);
  if ('why' in outcome) process.exitCode = SEND_AGAIN_EXIT;
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
