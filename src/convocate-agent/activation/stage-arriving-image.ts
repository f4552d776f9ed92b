import type { Readable } from 'node:stream';
import type { SentLayer, StageOutcome } from '../../protocol/layer-transfer.ts';
import type { DockerImages } from '../docker/images.ts';
import type { InstalledRelease } from '../release-home.ts';
import { Acknowledgements } from './acknowledge.ts';
import { arrivingLayer } from './arriving-layer.ts';
import { readBaseLayer } from './base-layer.ts';
import { Incoming } from './incoming.ts';
import { SendAgainError } from './send-again.ts';
import { stageImage } from './stage-image.ts';

export interface Arriving {
  /** In the image's order, which is also their order on stdin. */
  readonly sent: readonly SentLayer[];
  /** The packed bytes of each layer from its offset on, one after another. */
  readonly stdin: Readable;
}

/**
 * Stages the image of `release` while its layers arrive: Docker takes one in as it comes, and nothing is unpacked
 * twice. `print` gets a line for what has landed. Other trouble than an outcome is thrown.
 */
export async function stageArrivingImage(
  release: InstalledRelease,
  docker: DockerImages,
  { sent, stdin }: Arriving,
  print: (line: string) => void,
): Promise<StageOutcome> {
  const arrival = {
    incoming: new Incoming(stdin),
    acks: new Acknowledgements(print),
    readBase: (base: NonNullable<SentLayer['base']>) => readBaseLayer(docker, base),
  };
  const sizes = new Map(release.manifest.image.layers.map(({ diff_id, size }) => [diff_id, size]));
  const layers = new Map(
    sent.map((layer) => [layer.diffId, () => arrivingLayer(layer, sizes.get(layer.diffId) ?? 0, arrival)]),
  );
  try {
    return { outcome: await stageImage(release, docker, layers) };
  } catch (error) {
    if (error instanceof SendAgainError) return error.outcome;
    throw error;
  } finally {
    stdin.destroy();
  }
}
