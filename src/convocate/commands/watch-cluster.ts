import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineReader } from '../../base/line-reader.ts';
import { OperationError, OperatorError, messageOf } from '../../base/errors.ts';
import { ShellAnswer, operatorErrorOf } from '../../cluster/shell-answer.ts';
import { ClusterChange, ClusterSnapshot, WATCH_BEAT_MS } from '../../protocol/shell-socket.ts';
import { type ClusterPicture, changed, pictureOf } from './cluster-picture.ts';

/** A snapshot of many hosts is one line. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

export interface WatchOptions {
  readonly socketPath: string;
  readonly signal: AbortSignal;
  /** The service went away; it is tried again for `returnMs`. */
  readonly onLost: (problem: string) => void;
  /** Default 60 s. */
  readonly returnMs?: number;
  /** Between two tries; default 500 ms. */
  readonly retryMs?: number;
}

/**
 * The picture of the cluster, anew at each line the service sends, until `signal`. A service that is restarted is found
 * again; {@link OperationError} where it stays away, or cannot be reached at all.
 */
export async function* watchCluster(options: WatchOptions): AsyncGenerator<ClusterPicture> {
  const { signal, onLost, returnMs = 60_000, retryMs = 500 } = options;
  let picture: ClusterPicture | undefined;
  let lostAt: number | undefined;
  while (!signal.aborted) {
    let problem = 'it ended the connection';
    try {
      for await (const line of linesOfWatch(options.socketPath, signal)) {
        picture = 'name' in line ? pictureOf(line, picture) : picture && changed(picture, line);
        lostAt = undefined;
        if (picture) yield picture;
      }
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      problem = messageOf(error);
    }
    if (signal.aborted) return;
    if (lostAt === undefined && picture) onLost(problem);
    lostAt ??= performance.now();
    if (!picture || performance.now() - lostAt > returnMs)
      throw new OperationError(`convocate-status.service cannot be watched: ${problem}`, {
        hint: 'run `systemctl status convocate-status`',
      });
    await sleep(retryMs, undefined, { signal }).catch(() => {});
  }
}

async function* linesOfWatch(
  socketPath: string,
  signal: AbortSignal,
): AsyncGenerator<ClusterSnapshot | ClusterChange> {
  const socket = connect(socketPath);
  const stop = (): void => void socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    socket.setTimeout(3 * WATCH_BEAT_MS, () => socket.destroy(new Error('it says nothing')));
    await once(socket, 'connect', { signal });
    socket.write(`${JSON.stringify({ op: 'watch' })}\n`);
    const reader = new LineReader(MOST_LINE_BYTES);
    let isFirst = true;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const line of reader.push(chunk)) {
        yield isFirst ? snapshotIn(line) : ClusterChange.parse(JSON.parse(line));
        isFirst = false;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function snapshotIn(line: string): ClusterSnapshot {
  const answer = ShellAnswer.parse(JSON.parse(line));
  if (!answer.ok) throw operatorErrorOf(answer);
  return ClusterSnapshot.parse(answer.result);
}
