import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { CHUNK_BYTES } from './blob-store.ts';
import type { ReleaseImage } from './manifest.ts';
import { dockerManifest, ociIndex } from './oci.ts';

export interface ArchiveSource {
  readonly image: ReleaseImage;
  readonly config: Buffer;
  readonly manifest: Buffer;
  /** The tag the archive sets: a temporary one, until the image is proven. */
  readonly tag: string;
  /**
   * The layers that go in, by diffID; one that is not named is left out: Docker has it. Each is opened when its turn
   * comes, and gives the layer's content, unpacked.
   */
  readonly layers: ReadonlyMap<string, () => AsyncIterable<Buffer>>;
}

/**
 * One tar that both of Docker's image stores can load: Docker's manifest and an OCI layout over the same
 * uncompressed blobs (which of the two alone fails where is measured in docs/decisions/0002-thin-images.md).
 */
export function openImageArchive(source: ArchiveSource): Readable {
  const { image, config, manifest, tag, layers } = source;
  const tar = pack();
  const output = new PassThrough({ highWaterMark: CHUNK_BYTES });
  const write = async (): Promise<void> => {
    const layerDigests = image.layers.map((layer) => layer.diff_id);
    tar.entry({ name: 'oci-layout' }, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    tar.entry({ name: 'index.json' }, ociIndex(manifest, tag));
    tar.entry({ name: 'manifest.json' }, dockerManifest(image.config_digest, layerDigests, tag));
    tar.entry({ name: `blobs/sha256/${image.config_digest}` }, config);
    tar.entry({ name: `blobs/sha256/${image.manifest_digest}` }, manifest);
    const written = new Set<string>();
    for (const { diff_id, size } of image.layers) {
      const openLayer = layers.get(diff_id);
      if (openLayer === undefined || written.has(diff_id)) continue;
      written.add(diff_id);
      await pipeline(
        Readable.from(openLayer(), { objectMode: false }),
        tar.entry({ name: `blobs/sha256/${diff_id}`, size }),
      );
    }
    tar.finalize();
  };
  void Promise.all([pipeline(tar, output), write()]).catch((error: unknown) =>
    output.destroy(error as Error),
  );
  return output;
}

/**
 * Which layers must travel to a host that has images with these layer chains. A layer may be left out only where the
 * whole chain beneath it is there too, since Docker knows a layer by its chain.
 */
export function missingLayers(
  layers: readonly { readonly diff_id: string; readonly size: number }[],
  hostChains: readonly (readonly string[])[],
): { readonly diff_id: string; readonly size: number }[] {
  let shared = 0;
  for (const chain of hostChains) {
    let depth = 0;
    while (depth < layers.length && chain[depth] === layers[depth]?.diff_id) depth += 1;
    shared = Math.max(shared, depth);
  }
  return layers.slice(shared);
}
