import * as z from 'zod/mini';

/**
 * What the shell and the program it staged on a host say to each other while an image travels: both are of one
 * release, so this needs no version of its own. Blobs travel on stdin, and stdout says how much of them has landed.
 */

/** One layer that is sent, whole or as a patch against a layer that the host has. */
export interface SentLayer {
  readonly diffId: string;
  /** Bytes that an earlier transfer left on the host. */
  readonly offset: number;
  /** Bytes on the wire, whole; from `offset` on they are on stdin. */
  readonly packedBytes: number;
  /** Set where the packed bytes are a patch: the layer it applies to, and that layer's size, unpacked. */
  readonly base?: { readonly diffId: string; readonly sizeBytes: number };
}

/** `<diffID>:<offset>:<packed bytes>`, and for a patch `:<base diffID>:<base bytes>`: one word of an argv. */
export function formatSentLayer({ diffId, offset, packedBytes, base }: SentLayer): string {
  return [diffId, offset, packedBytes, ...(base ? [base.diffId, base.sizeBytes] : [])].join(':');
}

/** Undefined where the word is none of {@link formatSentLayer}'s. */
export function parseSentLayer(word: string): SentLayer | undefined {
  const match = /^([0-9a-f]{64}):(\d{1,15}):(\d{1,15})(?::([0-9a-f]{64}):(\d{1,15}))?$/.exec(word);
  if (!match) return undefined;
  const [, diffId = '', offset, packedBytes, base, baseBytes] = match;
  return {
    diffId,
    offset: Number(offset),
    packedBytes: Number(packedBytes),
    ...(base !== undefined && { base: { diffId: base, sizeBytes: Number(baseBytes) } }),
  };
}

/** Under which name the packed bytes of a layer lie, on both sides; a patch is never taken for a whole layer. */
export function packedLayerName(diffId: string, baseDiffId?: string): string {
  return baseDiffId === undefined ? `${diffId}.zst` : `${diffId}.from-${baseDiffId}.zst`;
}

/** The line that says: so many bytes of this stdin are in their file, and need not be sent again after a cut. */
export function ackLine(totalBytes: number): string {
  return `ack ${totalBytes}\n`;
}

/** The bytes of an {@link ackLine}, or undefined where it is another line. */
export function parseAck(line: string): number | undefined {
  const match = /^ack (\d{1,15})$/.exec(line);
  return match ? Number(match[1]) : undefined;
}

/** What the receiving end exits with when something it got cannot be used, and was thrown away. */
export const SEND_AGAIN_EXIT = 9;

/** The last line of `stage-image`; with {@link SEND_AGAIN_EXIT} it says what would help. */
export const StageOutcome = z.union([
  z.object({ outcome: z.enum(['present', 'loaded']) }),
  /** These bytes were damaged, on their way or on the disk, and are thrown away; other layers are kept. */
  z.object({ outcome: z.literal('damaged'), layer: z.string(), why: z.string() }),
  /** The patch cannot be applied here; the whole layer can. */
  z.object({ outcome: z.literal('unpatchable'), layer: z.string(), why: z.string() }),
  /** Docker did not make the image of the layers it got and those it should have: all of them would be. */
  z.object({ outcome: z.literal('incomplete'), why: z.string() }),
]);
export type StageOutcome = z.infer<typeof StageOutcome>;
