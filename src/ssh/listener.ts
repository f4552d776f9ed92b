import { type Server as TcpServer, type Socket, createServer } from 'node:net';
import { once } from 'node:events';
import ssh2, { type Connection, type ServerConfig } from 'ssh2';
import { OperationError, messageOf } from '../base/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { authenticate } from './authenticate.ts';
import { gatherWrites } from './gather-writes.ts';
import { privateKeyOf } from './keys.ts';
import { ALGORITHMS, KEEPALIVE_COUNT_MAX, REKEY_INTERVAL_MS } from './policy.ts';
import { type SubsystemHandler, serveSession } from './serve-session.ts';

/** How long what was written last may take to leave when the listener closes. */
const CLOSE_MS = 2_000;

export interface ListenerOptions<Peer> {
  /** OpenSSH private key, ed25519. */
  readonly hostKey: string;
  readonly address?: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Who a public key (wire form) belongs to; undefined shuts the door. */
  readonly identify: (publicKey: Buffer) => Peer | undefined | Promise<Peer | undefined>;
  readonly subsystems: Readonly<Record<string, SubsystemHandler<Peer>>>;
  /** The subsystems on whose channels `pty-req` is taken; its size arrives as a first resize. */
  readonly ptySubsystems?: readonly string[];
  /** Called after each login. */
  readonly onLogin?: (peer: Peer) => void;
  /** What the operator's log should hear: failed logins, silent peers, protocol errors. */
  readonly onProblem?: (message: string, from: string) => void;
}

export interface Listener {
  readonly port: number;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * An SSH listener that offers named subsystems and nothing else: `shell`, `exec`, `env`, X11, agent and port
 * forwarding are refused. We own the TCP side, because ssh2 speaks of a connection only after the peer has sent its
 * banner: a stranger who connects and stays silent must count against the limits too.
 */
export async function listen<Peer>(options: ListenerOptions<Peer>): Promise<Listener> {
  const sockets = new Set<Socket>();
  const strangers = new Set<Socket>();
  const problem = (message: string, from: string): void => options.onProblem?.(message, from);
  const serve = serverOfOneSocket(options, (socket) => strangers.delete(socket));

  const tcp = createServer({ noDelay: true }, (socket) => {
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    if (sockets.size >= LIMITS.connections || strangers.size >= LIMITS.unauthenticatedConnections) {
      problem('refused: too many connections', from);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    strangers.add(socket);
    const handshake = setTimeout(() => {
      if (!strangers.has(socket)) return;
      problem('no login within the handshake time', from);
      socket.destroy();
    }, LIMITS.handshakeMs);
    socket.on('error', () => {}); // told by 'close'; ssh2 reports what matters
    socket.on('close', () => {
      clearTimeout(handshake);
      sockets.delete(socket);
      strangers.delete(socket);
    });
    gatherWrites(socket);
    serve(socket, from);
  });

  await startListening(tcp, options);
  tcp.on('error', (error) => problem(error.message, 'listener'));
  return {
    port: (tcp.address() as { port: number }).port,
    close: async () => {
      const closed = once(tcp, 'close');
      tcp.close();
      for (const socket of sockets) socket.destroySoon();
      const unread = setTimeout(() => {
        for (const socket of sockets) socket.destroy(); // of a peer that never reads
      }, CLOSE_MS);
      await closed;
      clearTimeout(unread);
    },
  };
}

/**
 * A server of ssh2's for each socket, because ssh2 tells with a connection where it comes from, not which socket it is;
 * and two sockets may come from one address and port, to two of our addresses or one right after the other.
 */
function serverOfOneSocket<Peer>(
  options: ListenerOptions<Peer>,
  authenticated: (socket: Socket) => void,
): (socket: Socket, from: string) => void {
  const config: ServerConfig = {
    hostKeys: [{ key: privateKeyOf(options.hostKey) }],
    algorithms: ALGORITHMS,
    ident: 'convocate',
    keepaliveInterval: LIMITS.keepaliveIntervalMs,
    keepaliveCountMax: KEEPALIVE_COUNT_MAX,
  };
  return (socket, from) => {
    const server = new ssh2.Server(config, (connection) =>
      serveConnection(connection, from, socket, () => authenticated(socket), options),
    );
    server.injectSocket(socket);
  };
}

async function startListening<Peer>(tcp: TcpServer, options: ListenerOptions<Peer>): Promise<void> {
  tcp.listen({ port: options.port, host: options.address ?? '::' });
  try {
    await once(tcp, 'listening'); // rejects on 'error': a port that is taken must fail the start, loudly
  } catch (cause) {
    throw new OperationError(`port ${options.port} cannot be listened on: ${messageOf(cause)}`, {
      hint: `see what holds it: ss -ltnp 'sport = :${options.port}'`,
      cause,
    });
  }
}

function serveConnection<Peer>(
  connection: Connection,
  from: string,
  socket: Socket,
  authenticated: () => void,
  options: ListenerOptions<Peer>,
): void {
  let peer: Peer | undefined;
  let attempts = 0;
  connection.on('error', (error: Error & { level?: string }) => {
    options.onProblem?.(error.message, from);
    if (error.level === 'client-timeout') socket.destroy(); // a graceful end would wait for a peer that is gone
  });
  connection.on('authentication', (attempt) => {
    attempts += 1;
    if (attempts > LIMITS.loginAttempts) {
      options.onProblem?.('refused: too many attempts to log in', from);
      connection.end();
      socket.destroySoon(); // what it sends after that is not read
      return;
    }
    authenticate(attempt, options.identify, (found) => {
      peer = found;
    }).catch((error: unknown) => {
      options.onProblem?.(`login failed: ${String(error)}`, from);
      socket.destroy();
    });
  });
  connection.on('ready', () => {
    const who = peer;
    if (who === undefined) {
      socket.destroy();
      return;
    }
    authenticated();
    options.onLogin?.(who);
    const rekey = setInterval(() => connection.rekey(), REKEY_INTERVAL_MS);
    connection.on('close', () => clearInterval(rekey));
    let channels = 0;
    connection.on('session', (accept, reject) => {
      if (channels >= LIMITS.channelsPerConnection) {
        reject();
        return;
      }
      channels += 1;
      serveSession(accept(), { peer: who, from, ...options }, () => {
        channels -= 1;
      });
    });
    connection.on('tcpip', (_accept, reject) => reject());
    connection.on('openssh.streamlocal', (_accept, reject) => reject());
    connection.on('request', (_accept, reject) => reject?.());
  });
}
