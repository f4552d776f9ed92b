// A program of 380 MB as a session image may hold one, and a new build of it. No two builds of such a program lie about on
// a bench, so they are made of one that does: the Node that our own programs run on.
import { readFileSync } from 'node:fs';

/** Below image/rootfs: it becomes most of the image's last layer. */
export const bigProgramPath = 'image/rootfs/usr/local/lib/convocate-session/big-program';

/** Node three times over, each copy under a mask of its own, so that no packer finds one in the other. */
export function bigProgram(): Buffer {
  const node = readFileSync(process.execPath);
  return Buffer.concat([0x00, 0x5a, 0xa5].map((mask) => Buffer.from(node.map((byte) => byte ^ mask))));
}

/**
 * What a linker makes of a program with changes all over: every so often some code grew, so that what follows lies at
 * other addresses, and about one word in a hundred, being an address, is another.
 */
export function newBuildOf(program: Buffer): Buffer {
  const random = randomNumbers(20_261_124);
  const pieces: Buffer[] = [];
  for (let at = 0; at < program.length; ) {
    const length = 20_000 + (random() % 80_000);
    const piece = Buffer.from(program.subarray(at, at + length));
    for (let word = random() % 800; word + 4 <= piece.length; word += 4 + (random() % 800))
      piece.writeUInt32LE(random() >>> 0, word);
    const grown = Buffer.alloc(random() % 64);
    for (let index = 0; index < grown.length; index += 1) grown[index] = random();
    pieces.push(piece, grown);
    at += length;
  }
  return Buffer.concat(pieces);
}

/** xorshift32: the same numbers in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
