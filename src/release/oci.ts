import { sha256 } from './sha256.ts';

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/**
 * The OCI manifest of an image whose layers are kept uncompressed. We write it ourselves, the same bytes every time,
 * because its digest is the image's id in Docker's containerd store.
 */
export function ociManifest(config: Buffer, layers: readonly { diff_id: string; size: number }[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: `sha256:${sha256(config)}`, size: config.length },
      layers: layers.map(({ diff_id, size }) => ({
        mediaType: LAYER_TYPE,
        digest: `sha256:${diff_id}`,
        size,
      })),
    }),
  );
}

/** The entry document of an OCI layout that holds one image under `tag` (`name:version`). */
export function ociIndex(manifest: Buffer, tag: string): string {
  return JSON.stringify({
    schemaVersion: 2,
    manifests: [
      {
        mediaType: MANIFEST_TYPE,
        digest: `sha256:${sha256(manifest)}`,
        size: manifest.length,
        annotations: {
          'io.containerd.image.name': `docker.io/library/${tag}`,
          'org.opencontainers.image.ref.name': tag.slice(tag.indexOf(':') + 1),
        },
      },
    ],
  });
}

/** The entry document of Docker's own archive format, for the same blobs. */
export function dockerManifest(configDigest: string, layerDigests: readonly string[], tag: string): string {
  return JSON.stringify([
    {
      Config: `blobs/sha256/${configDigest}`,
      RepoTags: [tag],
      Layers: layerDigests.map((digest) => `blobs/sha256/${digest}`),
    },
  ]);
}
