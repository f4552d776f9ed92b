import type { Readable } from 'node:stream';
import * as z from 'zod/mini';
import { OperationError } from '../base/errors.ts';
import type { BlobStore } from './blob-store.ts';
import { ociManifest } from './oci.ts';
import type { ReleaseImage } from './manifest.ts';
import { savedEntries } from './saved-entries.ts';
import { sha256 } from './sha256.ts';

const SavedManifest = z
  .array(z.object({ Config: z.string(), Layers: z.array(z.string()) }))
  .check(z.minLength(1));
const ImageConfig = z.looseObject({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

export interface ImportedImage {
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly image: Pick<ReleaseImage, 'config_digest' | 'manifest_digest' | 'layers'>;
}

/**
 * Reads what `docker save` prints, of any Docker since 20.10, and puts its layers into `store`, uncompressed in the
 * sense of their digest: so a layer has one name on every host, whatever store its Docker uses.
 */
export async function importSavedImage(saved: Readable, store: BlobStore): Promise<ImportedImage> {
  const documents = new Map<string, Buffer>();
  const layers = new Map<string, { diffId: string; size: number }>();
  const links = new Map<string, string>();
  try {
    for await (const entry of savedEntries(saved)) {
      if (entry.kind === 'link') links.set(entry.name, entry.to);
      else if (entry.kind === 'document') documents.set(entry.name, entry.content);
      else {
        const blob = await store.put(entry.content, 'zst');
        layers.set(entry.name, { diffId: blob.sha256, size: blob.size });
      }
    }
  } finally {
    saved.destroy(); // where the store has no room, whoever saves must not wait for a reader that is gone
  }
  return describeImage(documents, (name) => layers.get(links.get(name) ?? name));
}

function describeImage(
  documents: ReadonlyMap<string, Buffer>,
  layerAt: (name: string) => { diffId: string; size: number } | undefined,
): ImportedImage {
  const [saved] = SavedManifest.parse(JSON.parse(required(documents, 'manifest.json').toString('utf8')));
  if (!saved) throw new OperationError('docker save gave an archive without an image');
  const config = required(documents, saved.Config);
  const { rootfs } = ImageConfig.parse(JSON.parse(config.toString('utf8')));
  const diffIds = rootfs.diff_ids;
  const layers = Array.from({ length: Math.max(diffIds.length, saved.Layers.length) }, (_none, index) => {
    const layer = layerAt(saved.Layers[index] ?? '');
    if (!layer || `sha256:${layer.diffId}` !== diffIds[index]) {
      throw new OperationError(
        `docker save gave an archive whose layer ${index + 1} is not the one its config names`,
        {
          hint: 'the image in Docker is damaged: remove it with `docker rmi` and run `sudo make install` again',
        },
      );
    }
    return { diff_id: layer.diffId, size: layer.size };
  });
  const manifest = ociManifest(config, layers);
  return {
    config,
    manifest,
    image: { config_digest: sha256(config), manifest_digest: sha256(manifest), layers },
  };
}

function required(documents: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const document = documents.get(name);
  if (!document) throw new OperationError(`docker save gave an archive without ${name}`);
  return document;
}
