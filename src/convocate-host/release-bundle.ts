import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { MANIFEST_FILE, SIGNATURE_FILE } from '../release/manifest.ts';
import type { ReleaseStore, StoredRelease } from '../release/release-store.ts';
import type { PlannedBlob } from './plan-types.ts';

/**
 * What UNPACK_RELEASE takes on stdin: the signed manifest, and the small blobs that the host lacks, as one gzipped tar. The same input gives the same bytes, so a dry run can tell their number exactly.
 */
export async function packRelease(
  store: ReleaseStore,
  release: StoredRelease,
  smallFiles: readonly PlannedBlob[],
): Promise<Buffer> {
  const { manifestText, signature } = release;
  const entries: [string, string | Buffer][] = [
    [MANIFEST_FILE, manifestText],
    [SIGNATURE_FILE, signature],
  ];
  for (const blob of smallFiles)
    entries.push([`blobs/${blob.sha256}`, await store.blobs.read(blob.sha256, 'gz')]);
  return gzipSync(await tarOf(entries));
}

async function tarOf(entries: readonly (readonly [string, string | Buffer])[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
