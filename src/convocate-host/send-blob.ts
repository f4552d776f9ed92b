import { Transform, type TransformCallback } from 'node:stream';
import { OperationError } from '../base/errors.ts';
import type { Packing } from '../release/blob-store.ts';
import type { PlannedBlob } from './plan-types.ts';
import { type Rollout, need } from './rollout.ts';

/** Nothing waits for ever, but a large layer over a thin line may take hours. */
const TRANSFER_MS = 6 * 60 * 60 * 1000;
/** What the receiving end exits with when the bytes it got are not the ones their digest names. */
const DAMAGED = 9;

/** Sends what is missing of one blob to `argv` on the host, which proves it there by its SHA-256. */
export async function sendBlob(
  rollout: Rollout,
  blob: PlannedBlob,
  packing: Packing,
  argv: readonly string[],
): Promise<void> {
  const host = need(rollout, 'host');
  const count = new Count((bytes) => {
    rollout.sentBytes += bytes;
    rollout.reporter.transfer(blob.what, blob.offset + count.total, blob.packedBytes);
  });
  rollout.reporter.transfer(blob.what, blob.offset, blob.packedBytes); // where its clock starts
  const source = rollout.store.blobs.openPacked(blob.sha256, packing, blob.offset);
  source.on('error', (error) => count.destroy(error));
  const result = await host.run(argv, { input: source.pipe(count), timeoutMs: TRANSFER_MS });
  if (result.exitCode === 0) return;
  const damaged = result.exitCode === DAMAGED;
  throw new OperationError(damaged ? `${blob.what} arrived damaged` : `${blob.what} could not be sent`, {
    host: host.name,
    argv,
    exitCode: result.exitCode,
    output: result.stderr || result.stdout,
    hint: 'run the same command again; nothing was activated',
  });
}

class Count extends Transform {
  total = 0;
  readonly #onBytes: (bytes: number) => void;

  constructor(onBytes: (bytes: number) => void) {
    super({ highWaterMark: 256 * 1024 });
    this.#onBytes = onBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.total += chunk.length;
    this.#onBytes(chunk.length);
    done(null, chunk);
  }
}
