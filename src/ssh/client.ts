import { connect as connectTcp, type Socket } from 'node:net';
import { once } from 'node:events';
import ssh2, { type ClientChannel } from 'ssh2';
import { withDeadline } from '../base/deadline.ts';
import { messageOf } from '../base/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { gatherWrites } from './gather-writes.ts';
import { ALGORITHMS, KEEPALIVE_COUNT_MAX } from './policy.ts';

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** OpenSSH private key, ed25519. */
  readonly privateKey: string;
  /** The only host key that is accepted (wire form): there is no first use to trust here. */
  readonly hostKey: Buffer;
  readonly timeoutMs?: number;
}

export interface SshConnection extends AsyncDisposable {
  /** Opens a channel on a subsystem; rejects where the server refuses it. */
  openSubsystem(name: string, options?: { readonly timeoutMs?: number }): Promise<ClientChannel>;
  /** Settles when the connection is gone, whoever ended it, with the reason where one is known. */
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

/** How long what was written last may take to leave when a connection is closed: a hung peer never takes it. */
const CLOSE_MS = 2_000;

export class HostKeyMismatchError extends Error {
  override readonly name = 'HostKeyMismatchError';
  constructor(host: string, port: number) {
    super(`the host key of ${host}:${port} is not the one that was pinned`);
  }
}

/** Connects to a listener of ours. Finds a dead peer by keepalive within 15 s; every wait has an end. */
export async function connect(options: ConnectOptions): Promise<SshConnection> {
  const timeoutMs = options.timeoutMs ?? LIMITS.handshakeMs;
  const socket = connectTcp({ host: options.host, port: options.port, noDelay: true });
  try {
    gatherWrites(socket);
    await withDeadline(once(socket, 'connect'), timeoutMs, `connecting to ${options.host}:${options.port}`);
    return await logIn(socket, options, timeoutMs);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function logIn(socket: Socket, options: ConnectOptions, timeoutMs: number): Promise<SshConnection> {
  const client = new ssh2.Client();
  let mismatch = false;
  let reason = 'the connection was closed';
  const { promise: closed, resolve: markClosed } = Promise.withResolvers<string>();
  client.on('close', () => markClosed(reason));
  const channels = new Channels(client, () => reason);

  const { promise: ready, resolve: isReady, reject: hasFailed } = Promise.withResolvers<void>();
  client.on('ready', isReady);
  client.on('error', (error) => {
    reason = error.message;
    hasFailed(mismatch ? new HostKeyMismatchError(options.host, options.port) : error);
    socket.destroy();
  });
  client.on('close', () => hasFailed(new Error(reason)));
  client.connect({
    sock: socket,
    username: 'convocate',
    privateKey: options.privateKey,
    algorithms: ALGORITHMS,
    readyTimeout: timeoutMs,
    keepaliveInterval: LIMITS.keepaliveIntervalMs,
    keepaliveCountMax: KEEPALIVE_COUNT_MAX,
    hostVerifier: (key: Buffer) => {
      mismatch = !key.equals(options.hostKey);
      return !mismatch;
    },
  });
  await ready;

  const close = async (): Promise<void> => {
    client.end();
    socket.destroySoon();
    const unread = setTimeout(() => socket.destroy(), CLOSE_MS);
    await closed;
    clearTimeout(unread);
  };
  return {
    closed,
    close,
    [Symbol.asyncDispose]: close,
    openSubsystem: async (name, { timeoutMs: openMs = LIMITS.readCallMs } = {}) => {
      const channel = channels.open(name);
      try {
        return await withDeadline(channel, openMs, `opening ${name}`);
      } catch (error) {
        void channel.then(
          (late) => late.close(),
          () => {}, // told already
        );
        throw error;
      }
    },
  };
}

/** Opens channels; one that is open is nothing to it any more, for a connection may stand for weeks and open a million. */
class Channels {
  readonly #client: ssh2.Client;
  /** Of those that are being opened. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(client: ssh2.Client, whyClosed: () => string) {
    this.#client = client;
    client.on('close', () => {
      for (const reject of this.#waiting) reject(new Error(whyClosed()));
    });
  }

  async open(name: string): Promise<ClientChannel> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>();
    this.#waiting.add(reject);
    try {
      this.#client.subsys(name, (error, channel) => {
        if (error) reject(new Error(`${name} was refused: ${messageOf(error)}`));
        else resolve(channel);
      });
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }
}
