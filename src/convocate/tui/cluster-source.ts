import { type Socket, connect } from 'node:net';
import { LineReader } from '../../base/line-reader.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import { ShellAnswer } from '../../cluster/shell-answer.ts';
import { ClusterChange, ClusterSnapshot, WATCH_BEAT_MS } from '../../protocol/shell-socket.ts';
import { writeJsonLine } from '../../ssh/json-channel.ts';
import type { Cluster } from './state.ts';
import { changed, pictureOf } from './cluster-picture.ts';

export interface ClusterSource {
  close(): void;
}

type Tell = (cluster: Cluster, first: boolean) => void;

/** Two lines missed: the service hangs. */
const SILENCE_MS = 2.5 * WATCH_BEAT_MS;
/** The whole cluster comes in one line. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Watches the cluster through the status service for as long as the UI runs. When the service goes away, hangs or talks
 * nonsense, what was seen last stays, marked as lost, and it is asked again and again.
 */
export function watchCluster(socketPath: string, before: Cluster, tell: Tell): ClusterSource {
  let cluster = before;
  let socket: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let waitMs = FIRST_WAIT_MS;
  let closed = false;

  const lose = (problem: string): void => {
    if (closed) return;
    const connection = cluster.connection === 'connecting' ? 'connecting' : 'lost';
    const sinceMs = cluster.connection === connection ? cluster.sinceMs : Date.now();
    cluster = { ...cluster, connection, sinceMs, problem };
    tell(cluster, false);
    retry = setTimeout(open, waitMs);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  };
  const open = (): void => {
    socket = follow(socketPath, {
      onSnapshot: (snapshot) => {
        waitMs = FIRST_WAIT_MS;
        cluster = pictureOf(snapshot, Date.now());
        tell(cluster, true);
      },
      onChange: (change) => {
        cluster = changed(cluster, change);
        tell(cluster, false);
      },
      onLost: lose,
    });
  };
  open();
  return {
    close: () => {
      closed = true;
      clearTimeout(retry);
      socket?.destroy();
    },
  };
}

interface Follower {
  onSnapshot(snapshot: ClusterSnapshot): void;
  onChange(change: ClusterChange): void;
  /** Once, when nothing more comes on this connection. */
  onLost(problem: string): void;
}

function follow(socketPath: string, follower: Follower): Socket {
  const socket = connect(socketPath);
  const reader = new LineReader(MOST_LINE_BYTES);
  let problem = 'the status service closed the connection';
  let isFirst = true;
  const onLine = (line: string): void => {
    const value: unknown = JSON.parse(line);
    if (!isFirst) {
      follower.onChange(ClusterChange.parse(value));
      return;
    }
    const answer = ShellAnswer.parse(value);
    if (!answer.ok) throw new Error(answer.error);
    follower.onSnapshot(ClusterSnapshot.parse(answer.result));
    isFirst = false;
  };
  const give = (why: string): void => {
    problem = why;
    socket.destroy();
  };
  socket.setTimeout(SILENCE_MS, () => give('the status service is silent; trying again'));
  socket.on('connect', () => writeJsonLine(socket, { op: 'watch' }));
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of reader.push(chunk)) onLine(line);
    } catch (error) {
      give(`the status service answered something unexpected: ${messageOf(error).split('\n')[0]}`);
    }
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', (error) => {
    problem = describe(error, socketPath);
  });
  socket.on('close', () => follower.onLost(problem));
  return socket;
}

function describe(error: Error, socketPath: string): string {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return 'convocate-status.service is not running on this host: see `systemctl status convocate-status`';
  if (code === 'EACCES' || code === 'EPERM')
    return `no right to open ${socketPath}: run it as the user claude, or as root`;
  return `the status service cannot be reached: ${error.message}`;
}
