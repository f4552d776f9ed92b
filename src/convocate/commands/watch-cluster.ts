import { OperationError, messageOf } from '../../base/errors.ts';
import type { ClusterPicture } from '../../cluster/cluster-picture.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** The service went away; it is tried again for `returnMs`. */
  readonly onLost: (problem: string) => void;
  /** Default 60 s. */
  readonly returnMs?: number;
}

const MOST_WAITING = 100;

/**
 * The picture of the cluster, anew at each change, until `signal`. None is left out, but for a caller that is slow: of what
 * waits for it beyond {@link MOST_WAITING} it gets the newest alone. A service that is restarted is found
 * again; {@link OperationError} where it stays away, or cannot be reached at all.
 */
export async function* watchCluster(
  shell: ShellClient,
  options: WatchOptions,
): AsyncGenerator<ClusterPicture> {
  const { signal, onLost, returnMs = 60_000 } = options;
  const pictures: ClusterPicture[] = [];
  let wake = Promise.withResolvers<void>();
  let failure: Error | undefined;
  let giveUp: NodeJS.Timeout | undefined;

  const watch = shell.watch((news) => {
    if (news.kind === 'lost') {
      const problem = messageOf(news.error);
      if (news.picture && !giveUp) onLost(problem);
      giveUp ??= setTimeout(() => fail(news.error), news.picture ? returnMs : 0);
      return;
    }
    clearTimeout(giveUp);
    giveUp = undefined;
    if (pictures.length >= MOST_WAITING) pictures.pop();
    pictures.push(news.picture);
    wake.resolve();
  });
  const fail = (cause: Error): void => {
    failure = new OperationError(`the cluster cannot be watched: ${messageOf(cause)}`, {
      hint: 'run `systemctl status convocate-status`',
      cause,
    });
    wake.resolve();
  };
  const stop = (): void => wake.resolve();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const picture = pictures.shift();
      if (picture) yield picture;
      else if (failure) throw failure;
      else {
        wake = Promise.withResolvers<void>();
        await wake.promise;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(giveUp);
    watch.close();
  }
}
