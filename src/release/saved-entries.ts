import { basename, dirname, join as joinPath } from 'node:path/posix';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';

/** Documents in an archive are far smaller than this, and layers that are smaller do no harm as documents. */
const DOCUMENT_BYTES = 4 * 1024 * 1024;

/** One entry of what `docker save` prints. */
export type SavedEntry =
  | { readonly kind: 'document'; readonly name: string; readonly content: Buffer }
  | { readonly kind: 'link'; readonly name: string; readonly to: string }
  | {
      readonly kind: 'layer';
      readonly name: string;
      /** Uncompressed, whatever the archive holds; has to be read to its end before the next entry comes. */
      readonly content: Readable;
      /** Bytes of the content, where the archive holds it uncompressed. */
      readonly sizeBytes?: number;
    };

/** Reads what `docker save` prints, of any Docker since 20.10 and both of its stores, entry by entry. */
export async function* savedEntries(saved: Readable): AsyncGenerator<SavedEntry> {
  const archive = extract();
  saved.on('error', (error) => archive.destroy(error));
  saved.pipe(archive);
  for await (const source of archive) {
    const entry = source as typeof source & AsyncIterable<Buffer>; // its types leave out that it iterates over Buffers
    const { name, type, linkname, size } = entry.header;
    if (type === 'symlink' && linkname) {
      yield { kind: 'link', name, to: joinPath(dirname(name), linkname) };
      entry.resume();
    } else if (type !== 'file') {
      entry.resume();
    } else if (isLayerName(name) && size > 0) {
      const head = await takeHead(entry);
      if (isJson(head.first) && size < DOCUMENT_BYTES) {
        yield { kind: 'document', name, content: await readAll(head.stream) };
      } else {
        const content = decompressed(head.first, head.stream);
        yield { kind: 'layer', name, content, ...(content === head.stream && { sizeBytes: size }) };
      }
    } else if (size < DOCUMENT_BYTES) {
      yield { kind: 'document', name, content: await readAll(entry) };
    } else {
      entry.resume();
    }
  }
}

/** 20.10 writes `<id>/layer.tar`; from 25 on everything is `blobs/sha256/<digest>`. */
function isLayerName(name: string): boolean {
  return basename(name) === 'layer.tar' || name.startsWith('blobs/sha256/');
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
