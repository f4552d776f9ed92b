import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { syncToDisk } from '../base/atomic-file.ts';
import { OperationError, codeOf } from '../base/errors.ts';
import { packedLayerName } from '../protocol/layer-transfer.ts';

/**
 * How a blob is kept, which is also how it travels: packed once at `convocate install`, sent many times. Program
 * files use gzip, because a host at first contact has nothing of ours to unpack them with; layers use zstd.
 */
export type Packing = 'gz' | 'zst';

/** What the name of a blob or patch begins with while it is made. */
export const INCOMING = '.incoming-';

export interface StoredBlob {
  /** SHA-256 of the content, unpacked. */
  readonly sha256: string;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly packing: Packing;
  /** Bytes that travel. */
  readonly packedSize: number;
}

export interface StoredEntry {
  readonly name: string;
  /** Bytes; of a directory, not those in it. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changedMs: number;
}

/** Content-addressed blobs on the shell host, shared by all releases: `<directory>/<sha256>.<packing>`. */
export class BlobStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes in `content` to its end; a blob that is there already is replaced by its equal, in one step. */
  async put(content: Readable, packing: Packing): Promise<StoredBlob> {
    content.on('error', () => {}); // it may break before the pipeline below listens, which then throws it
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    const temporary = join(this.#directory, `${INCOMING}${randomUUID()}`);
    const measure = new Measure();
    try {
      const packer =
        packing === 'gz'
          ? createGzip({ level: 6, chunkSize: CHUNK_BYTES })
          : createZstdCompress({ chunkSize: CHUNK_BYTES });
      await pipeline(content, measure, packer, createWriteStream(temporary, { mode: 0o644 }));
      await syncToDisk(temporary);
      const sha256 = measure.digest();
      await rename(temporary, this.pathOf(sha256, packing));
      await syncToDisk(this.#directory);
      return {
        sha256,
        size: measure.size,
        packing,
        packedSize: (await stat(this.pathOf(sha256, packing))).size,
      };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Whether the blob is there, so that a large one need not be packed only to find that out. */
  async has(sha256: string, packing: Packing): Promise<boolean> {
    return (await stat(this.pathOf(sha256, packing)).catch(() => undefined)) !== undefined;
  }

  /** Whether it is there and its content is right; reads all of it. */
  async isWhole(sha256: string, packing: Packing): Promise<boolean> {
    const measure = new Measure();
    try {
      await pipeline(this.openPacked(sha256, packing), unpacker(packing), measure.resume());
      return measure.digest() === sha256;
    } catch {
      return false;
    }
  }

  /** Throws {@link OperationError}, with what to do, where {@link isWhole} is false. */
  async expectWhole(sha256: string, packing: Packing): Promise<void> {
    if (!(await this.isWhole(sha256, packing))) throw this.#unusable(sha256, 'is damaged in');
  }

  async putBytes(content: Uint8Array, packing: Packing): Promise<StoredBlob> {
    return await this.put(Readable.from([content]), packing);
  }

  /** Bytes the blob takes on the wire. Throws {@link OperationError} where it is not in the store. */
  async packedSize(sha256: string, packing: Packing): Promise<number> {
    try {
      return (await stat(this.pathOf(sha256, packing))).size;
    } catch (cause) {
      throw this.#unusable(sha256, 'is missing from', cause);
    }
  }

  /** The packed bytes from `offset` on, for a transfer that goes on where the last one stopped. */
  openPacked(sha256: string, packing: Packing, offset = 0): Readable {
    return createReadStream(this.pathOf(sha256, packing), { start: offset, highWaterMark: CHUNK_BYTES });
  }

  /** As {@link openPacked}, of the patch that makes this layer out of another. */
  openPatch(diffId: string, baseDiffId: string, offset = 0): Readable {
    const path = this.patchPath(diffId, baseDiffId);
    return createReadStream(path, { start: offset, highWaterMark: CHUNK_BYTES });
  }

  /** The content itself, proven; for small blobs. Throws {@link OperationError} where it is not whole in the store. */
  async read(sha256: string, packing: Packing): Promise<Buffer> {
    const measure = new Measure();
    try {
      const content = await pipeline(this.openPacked(sha256, packing), unpacker(packing), measure, buffer);
      if (measure.digest() === sha256) return content;
    } catch (cause) {
      throw this.#unusable(sha256, codeOf(cause) === 'ENOENT' ? 'is missing from' : 'is damaged in', cause);
    }
    throw this.#unusable(sha256, 'is damaged in');
  }

  /** All that lies there by name: blobs, patches, and what is being made, or was when that was cut off. */
  async entries(): Promise<StoredEntry[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const looked = names.map(async (name) => {
      const found = await lstat(join(this.#directory, name)).catch(() => undefined); // it may be gone by now
      return found && { name, size: found.size, changedMs: found.mtimeMs };
    });
    return (await Promise.all(looked)).filter((entry) => entry !== undefined);
  }

  /** Takes away one of {@link entries}. */
  async removeEntry(name: string): Promise<void> {
    await rm(join(this.#directory, name), { recursive: true, force: true });
  }

  pathOf(sha256: string, packing: Packing): string {
    return join(this.#directory, `${sha256}.${packing}`);
  }

  patchPath(diffId: string, baseDiffId: string): string {
    return join(this.#directory, packedLayerName(diffId, baseDiffId));
  }

  #unusable(sha256: string, how: string, cause?: unknown): OperationError {
    return new OperationError(`blob ${sha256.slice(0, 12)} ${how} ${this.#directory}`, {
      hint: 'run `sudo make install` of that version again; a part of its image needs a new version',
      cause,
    });
  }
}

/** Node's streams default to 16 and 64 KiB, and a gigabyte in such pieces takes four times as long to unpack. */
export const CHUNK_BYTES = 1024 * 1024;

export function unpacker(packing: Packing): Transform {
  return packing === 'gz' ? createGunzip({ chunkSize: CHUNK_BYTES }) : layerUnpacker();
}

/**
 * Unpacks a layer, or with the layer it is a patch against (`zstd --patch-from`, a window of up to 2 GiB) the patch.
 * Takes memory of about twice the base and once the window beyond the base itself.
 */
export function layerUnpacker(base?: Buffer): Transform {
  if (!base) return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  const params = { [constants.ZSTD_d_windowLogMax]: 31 };
  return createZstdDecompress({ chunkSize: CHUNK_BYTES, params, dictionary: base });
}

/** Passes bytes through, counting and hashing them. */
export class Measure extends Transform {
  readonly #hash = createHash('sha256');
  size = 0;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk: Buffer) => void,
  ): void {
    this.#hash.update(chunk);
    this.size += chunk.length;
    done(null, chunk);
  }

  /** SHA-256 in hex of all that went through; call once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
