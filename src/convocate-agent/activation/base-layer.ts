import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { OperationError } from '../../base/errors.ts';
import type { SentLayer } from '../../protocol/layer-transfer.ts';
import { savedEntries } from '../../release/saved-entries.ts';
import type { DockerImages } from '../docker/images.ts';

type Base = NonNullable<SentLayer['base']>;

/**
 * Content of a layer that Docker has, for a patch to apply to; takes as much memory as the layer is large. Docker
 * gives no layer by itself, so one of the images that hold it is saved. Throws OperationError where none does, or
 * where what Docker has is not that layer any more.
 */
export async function readBaseLayer(docker: DockerImages, base: Base): Promise<Buffer> {
  const reference = await docker.findHolder(base.diffId);
  if (reference === undefined) throw new OperationError('no image here holds the layer it builds on');
  const saved = await docker.save(reference);
  try {
    return await findLayer(saved, base);
  } finally {
    saved.destroy();
  }
}

async function findLayer(saved: Readable, base: Base): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(base.sizeBytes);
  for await (const entry of savedEntries(saved)) {
    if (entry.kind !== 'layer') continue;
    const mayBe = entry.sizeBytes === undefined || entry.sizeBytes === base.sizeBytes;
    const size = await fill(content, entry.content, mayBe);
    if (size !== base.sizeBytes) continue;
    if (createHash('sha256').update(content).digest('hex') === base.diffId) return content;
  }
  throw new OperationError('the layer it builds on is damaged in Docker');
}

/** Reads `source` to its end, and its first bytes into `target` where they are `wanted`; gives the bytes there were. */
async function fill(target: Buffer, source: AsyncIterable<Buffer>, wanted: boolean): Promise<number> {
  let size = 0;
  for await (const chunk of source) {
    if (wanted && size < target.length) chunk.copy(target, size);
    size += chunk.length;
  }
  return wanted ? size : -1;
}
