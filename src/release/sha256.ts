import { createHash } from 'node:crypto';

/** In hex, as blobs are named; for what is in memory anyway. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
