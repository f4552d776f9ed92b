import { RefusedError, UsageError } from '../../base/errors.ts';
import { isVersion } from '../../protocol/ids.ts';
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

/** `prove`: this release is whole here, program and image, and a container from it runs. Changes nothing. */
export async function proveVerb(): Promise<void> {
  const { openOwnRelease, verifyRelease } = await import('../release-home.ts');
  const { proveImage } = await import('../activation/stage-image.ts');
  const { DockerImages } = await import('../docker/images.ts');
  const release = await openOwnRelease();
  await verifyRelease(release);
  const { image } = release.manifest;
  await proveImage(image.tag, image, new DockerImages());
}

/** `activate`: makes this release the live one. */
export async function activateVerb(): Promise<void> {
  const { openOwnRelease } = await import('../release-home.ts');
  const { activate } = await import('../activation/activate.ts');
  const { DockerImages } = await import('../docker/images.ts');
  printJson(await activate(await openOwnRelease(), new DockerImages()));
}

/** `arm --rollout N --to VERSION --window SECONDS`: from here on, this release takes its place back unless it is told not to. */
export async function armVerb(options: {
  readonly rollout: string;
  readonly to: string;
  readonly window: string;
}): Promise<void> {
  const rollout = parseRollout(options.rollout);
  if (!isVersion(options.to)) throw new UsageError('--to takes a version');
  const windowS = Number(options.window);
  if (!(windowS >= 1 && windowS <= 86_400)) throw new UsageError('--window takes seconds, up to a day');
  const { openOwnRelease } = await import('../release-home.ts');
  const { arm } = await import('../dead-man/arm.ts');
  printJson(await arm(openOwnRelease, { rollout, to: options.to, windowS }));
}

/** `disarm --rollout N`: that rollout stays. */
export async function disarmVerb(options: { readonly rollout: string }): Promise<void> {
  const { disarm } = await import('../dead-man/settle.ts');
  printJson(await disarm(parseRollout(options.rollout)));
}

/** `go-back --rollout N --reason TEXT`: the open rollout is taken back now. */
export async function goBackVerb(options: {
  readonly rollout: string;
  readonly reason: string;
}): Promise<void> {
  const { askBack } = await import('../dead-man/settle.ts');
  const rollout = parseRollout(options.rollout);
  printJson(await askBack(rollout, options.reason.replaceAll(/\s+/g, ' ').slice(0, 500)));
}

/** `dead-man`: what systemd runs while a rollout is open. */
export async function deadManVerb(): Promise<void> {
  const { deadMan } = await import('../dead-man/dead-man.ts');
  await deadMan((text) => process.stdout.write(`${text}\n`));
}

function parseRollout(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError('--rollout takes the number of a rollout');
  return Number(text);
}

const PRUNE = {
  who: 'convocate-agent prune',
  outcome: 'so nothing was removed',
  hint: 'run it again when that has ended; what nothing needs goes with the next rollout, or within a day',
};

/**
 * `prune`: removes images and releases that nothing needs, under the rollout lock: of whoever called, or taken here.
 * `unattended`: where a rollout is open, that is no news to anybody, and there is another day.
 */
export async function pruneVerb(options: {
  readonly json?: boolean;
  readonly unattended?: boolean;
}): Promise<void> {
  const { holdsRolloutLock, ownCommand, runUnderLock } = await import('../activation/under-lock.ts');
  try {
    if (holdsRolloutLock()) await pruneUnderLock(options.json);
    else process.exitCode = await runUnderLock(ownCommand(), PRUNE);
  } catch (error) {
    if (!(options.unattended && error instanceof RefusedError)) throw error;
  }
}

async function pruneUnderLock(json?: boolean): Promise<void> {
  const { linesOf, prune } = await import('../activation/prune.ts');
  const { DockerImages } = await import('../docker/images.ts');
  const report = await prune(new DockerImages());
  if (json) printJson(report);
  else for (const line of linesOf(report)) process.stdout.write(`${line}\n`);
}
