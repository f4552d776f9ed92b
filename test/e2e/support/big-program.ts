// A program so large that its image layer is most of a release, and new builds of it.
import { createCipheriv, createHash } from 'node:crypto';

/** Below image/rootfs: it becomes part of the image's last layer. */
export const bigProgram = 'image/rootfs/usr/local/lib/convocate-session/big-program';

/** So many bytes that no packer makes smaller; the same ones for the same seed. */
export function noise(seed: string, bytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** The same program built anew: every 64 KiB some bytes are others, and what comes after the first third is shifted. */
export function newBuildOf(program: Buffer, mark: string): Buffer {
  const changed = Buffer.from(program);
  for (let at = 0; at + 64 < changed.length; at += 64 * 1024) changed.write(mark.slice(0, 32), at);
  const third = Math.floor(changed.length / 3);
  return Buffer.concat([changed.subarray(0, third), noise(mark, 1000), changed.subarray(third)]);
}
