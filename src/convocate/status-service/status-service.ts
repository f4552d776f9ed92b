import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { OperationError, messageOf } from '../../base/errors.ts';
import { programVersion } from '../../base/version.ts';
import { LiveView, type LiveViewOptions } from '../../cluster/live-view.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { STATUS_PORT } from '../../protocol/limits.ts';
import { answerRequest } from './answer-request.ts';
import { readClusterName } from './cluster-name.ts';
import { listenForEvents } from './event-listener.ts';
import type { Logger } from './service-log.ts';
import { serveSocket } from './socket-server.ts';
import { Terminals } from './terminals.ts';
import { Watchers } from './watchers.ts';

export interface StatusServiceOptions {
  readonly log: Logger;
  /** Paths and ports; by default those of a shell host. */
  readonly agentKeysDir?: string | undefined;
  readonly hostKeyFile?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly socketGid?: number | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly backoff?: LiveViewOptions['backoff'];
  readonly pace?: LiveViewOptions['pace'];
}

export interface StatusService extends AsyncDisposable {
  /** Where 223 really listens. */
  readonly port: number;
  readonly live: LiveView;
  close(): Promise<void>;
}

/**
 * The one service that holds the cluster (decision 9): events in on 223, a warm connection to each agent's 222, the
 * local socket for operators. Works from the first moment, with no agent at all or none that answers.
 */
export async function startStatusService(options: StatusServiceOptions): Promise<StatusService> {
  const { log, agentKeysDir, backoff, pace } = options;
  const hostKey = await readHostKey(options.hostKeyFile ?? SHELL_HOST.statusHostKeyFile);
  const live = new LiveView({
    dir: agentKeysDir,
    log: (message, facts) => log.info(facts, message),
    ...(backoff && { backoff }),
    ...(pace && { pace }),
  });
  const opened: { close(): Promise<void> }[] = [live];
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0).toReversed()) await part.close();
  };
  try {
    const terminals = new Terminals(live, log);
    const watchers = new Watchers({
      live,
      name: await readClusterName((problem) => log.warn(problem)),
      version: programVersion(),
      load: loadavg,
      nowMs: () => performance.now(),
      onProblem: (message) => log.warn(message),
    });
    opened.push({ close: async () => watchers.close() });
    const events = await listenForEvents({
      hostKey,
      port: options.port ?? STATUS_PORT,
      address: options.address,
      agentKeysDir,
      live,
      log,
    });
    opened.push(events);
    // Not before 223 listens: an agent that we come to comes to us at once.
    await live.start();
    const socket = await serveSocket({
      path: options.socketPath ?? SHELL_HOST.socket,
      gid: options.socketGid,
      serve: (line, client, rest) => answerRequest({ live, terminals, watchers, log }, line, client, rest),
      onProblem: (message) => log.warn(message),
    });
    opened.push(socket);
    return { port: events.port, live, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readHostKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new OperationError(`the host key of the status listener cannot be read: ${messageOf(error)}`, {
      hint: 'run `convocate-host init-shell` on this host; it makes the key',
      cause: error,
    });
  }
}
