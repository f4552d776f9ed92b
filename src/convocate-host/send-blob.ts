import type { Readable } from 'node:stream';
import type { CommandResult } from '../base/run-command.ts';
import { withDeadline } from '../base/deadline.ts';
import { OperationError } from '../base/errors.ts';
import { expectInTime } from '../host-access/checked.ts';
import { parseAck } from '../protocol/layer-transfer.ts';
import { PIECE_BYTES, Window, inPieces } from './flow-control.ts';
import { type Rollout, need } from './rollout.ts';

/** Nothing waits for ever, but a large layer over a thin line may take hours. */
const FINISH_MS = 6 * 60 * 60 * 1000;
/** How long the other end may leave what it got unacknowledged: its Docker may have to write much to a slow disk. */
const STALL_MS = 15 * 60 * 1000;
/** A cut costs at most 1 MiB that is sent again: this much is under way, and one piece on its way into the pipe. */
const WINDOW_BYTES = 1024 * 1024 - PIECE_BYTES;

/** Packed bytes of which an earlier transfer may have left some on the host. */
export interface OutgoingBlob {
  /** What it is, for people. */
  readonly what: string;
  readonly packedBytes: number;
  readonly offset: number;
  /** The packed bytes from the offset on. */
  open(): Readable;
}

export interface Sent {
  readonly result: CommandResult;
  /** Bytes of each blob that are on the host now, in their order, as far as it said so. */
  readonly landed: readonly number[];
}

/**
 * Sends what is missing of `blobs`, one after another, to one command on the host that acknowledges what has landed,
 * and gives its answer; a non-zero exit is one. Throws OperationError where the connection is lost.
 */
export async function sendBlobs(
  rollout: Rollout,
  blobs: readonly OutgoingBlob[],
  argv: readonly string[],
): Promise<Sent> {
  const window = new Window(WINDOW_BYTES);
  const landed = blobs.map((blob) => blob.offset);
  const running = await need(rollout, 'host').start(argv);
  const report = (blob: OutgoingBlob, index: number): void =>
    rollout.reporter.transfer(blob.what, landed[index] ?? 0, blob.packedBytes);
  running.onLine((line) => {
    const total = parseAck(line);
    if (total === undefined) return;
    window.acknowledge(total);
    for (const index of landAt(blobs, landed, total)) report(blobs[index] as OutgoingBlob, index);
  });
  const close = (): void => window.close();
  running.ended.then(close, close);
  for await (const { index, chunk, isFirst } of piecesOf(blobs, rollout.options.bandwidth)) {
    const blob = blobs[index] as OutgoingBlob;
    if (isFirst) report(blob, index); // where its clock starts
    const room = withDeadline(window.reserve(chunk.length), STALL_MS, `taking in ${blob.what}`);
    const hasRoom = await expectInTime(rollout.hostName, argv, room);
    if (!hasRoom) break; // it ended: its answer tells why
    rollout.sentBytes += chunk.length;
    await running.write(chunk);
  }
  return { result: await running.finish(FINISH_MS), landed };
}

/** Spreads `total` acknowledged bytes over the blobs in `landed`; gives the places of those that gained by it. */
function landAt(blobs: readonly OutgoingBlob[], landed: number[], total: number): number[] {
  let left = total;
  return blobs.flatMap(({ offset, packedBytes }, index) => {
    const share = Math.min(left, packedBytes - offset);
    left -= share;
    if (share === 0 || landed[index] === offset + share) return [];
    landed[index] = offset + share;
    return [index];
  });
}

interface Piece {
  /** Place of its blob. */
  readonly index: number;
  readonly chunk: Buffer;
  readonly isFirst: boolean;
}

async function* piecesOf(
  blobs: readonly OutgoingBlob[],
  bytesPerSecond: number | undefined,
): AsyncGenerator<Piece> {
  for (const [index, blob] of blobs.entries()) {
    let isFirst = true;
    for await (const chunk of inPieces(blob.open() as AsyncIterable<Buffer>, bytesPerSecond)) {
      yield { index, chunk, isFirst };
      isFirst = false;
    }
  }
}

/** What a transfer that failed is told as. */
export function transferError(
  rollout: Rollout,
  message: string,
  argv: readonly string[],
  result: CommandResult,
): OperationError {
  return new OperationError(message, {
    host: rollout.hostName,
    argv,
    exitCode: result.exitCode,
    output: result.stderr || result.stdout,
    hint: 'run the same command again: it goes on where this one stopped, and nothing was activated',
  });
}
