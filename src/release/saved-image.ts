import { basename, dirname, join as joinPath } from 'node:path/posix';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createHash } from 'node:crypto';
import { extract } from 'tar-stream';
import * as z from 'zod/mini';
import { OperationError } from '../base/errors.ts';
import type { BlobStore } from './blob-store.ts';
import { ociManifest } from './oci.ts';
import type { ReleaseImage } from './manifest.ts';

const SavedManifest = z
  .array(z.object({ Config: z.string(), Layers: z.array(z.string()) }))
  .check(z.minLength(1));
const ImageConfig = z.looseObject({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/** Documents in an archive are far smaller than this, and layers that are smaller do no harm as documents. */
const DOCUMENT_BYTES = 4 * 1024 * 1024;

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

  const archive = extract();
  saved.on('error', (error) => archive.destroy(error));
  saved.pipe(archive);
  for await (const source of archive) {
    const entry = source as typeof source & AsyncIterable<Buffer>; // its types leave out that it iterates over Buffers
    const { header } = entry;
    if (header.type === 'symlink' && header.linkname) {
      links.set(header.name, joinPath(dirname(header.name), header.linkname));
      entry.resume();
    } else if (header.type !== 'file') {
      entry.resume();
    } else if (isLayerName(header.name) && (header.size ?? 0) > 0) {
      const head = await takeHead(entry);
      if (isJson(head.first) && (header.size ?? 0) < DOCUMENT_BYTES) {
        documents.set(header.name, await readAll(head.stream));
      } else {
        const blob = await store.put(decompressed(head.first, head.stream), 'zst');
        layers.set(header.name, { diffId: blob.sha256, size: blob.size });
      }
    } else if ((header.size ?? 0) < DOCUMENT_BYTES) {
      documents.set(header.name, await readAll(entry));
    } else {
      entry.resume();
    }
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

/** 20.10 writes `<id>/layer.tar`; from 25 on everything is `blobs/sha256/<digest>`. */
function isLayerName(name: string): boolean {
  return basename(name) === 'layer.tar' || name.startsWith('blobs/sha256/');
}

function required(documents: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const document = documents.get(name);
  if (!document) throw new OperationError(`docker save gave an archive without ${name}`);
  return document;
}

/** The first bytes of an entry, together with a stream of the whole of it. */
async function takeHead(entry: AsyncIterable<Buffer>): Promise<{ first: Buffer; stream: Readable }> {
  const chunks = entry[Symbol.asyncIterator]();
  const head = await chunks.next();
  const first: Buffer = head.done ? Buffer.alloc(0) : head.value;
  async function* whole(): AsyncGenerator<Buffer> {
    yield first;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  }
  return { first, stream: Readable.from(whole()) };
}

/** A layer may begin with such a character too, in the name of its first file, but it has tar's magic. */
function isJson(first: Buffer): boolean {
  if (first.toString('latin1', 257, 262) === 'ustar') return false;
  return first[0] === 0x7b || first[0] === 0x5b;
}

/** The containerd store saves layers as it holds them, which may be packed. */
function decompressed(first: Buffer, stream: Readable): Readable {
  if (first[0] === 0x1f && first[1] === 0x8b) return stream.pipe(createGunzip());
  if (first.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])))
    return stream.pipe(createZstdDecompress());
  return stream;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
