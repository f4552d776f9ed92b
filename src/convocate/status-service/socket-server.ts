import { once } from 'node:events';
import { chmod, chown, rm } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { withDeadline } from '../../base/deadline.ts';
import { OperationError, codeOf } from '../../base/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readFirstLine, writeJsonLine } from '../../ssh/json-channel.ts';

export interface SocketServerOptions {
  readonly path: string;
  /** Group that may use it besides root; by default the process's own. */
  readonly gid?: number | undefined;
  readonly maxConnections?: number;
  /** A request must have arrived whole within this time. */
  readonly requestMs?: number;
  /** Answers one request line, and ends the socket. Must not reject. */
  readonly serve: (line: string, socket: Socket, rest: Buffer) => Promise<void>;
  readonly onProblem: (message: string) => void;
}

export interface SocketServer {
  close(): Promise<void>;
}

/** How long what was written last may take to leave when the service ends: a client that hangs never takes it. */
const CLOSE_MS = 2_000;
const SOCKET_MODE = 0o660;
/** Hundreds may watch, and what an operator then asks needs a connection too. */
const MAX_CONNECTIONS = 1_024;

/** A local socket on which each connection brings one request line of bounded length, within bounded time. */
export async function serveSocket(options: SocketServerOptions): Promise<SocketServer> {
  const { maxConnections = MAX_CONNECTIONS, onProblem } = options;
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}); // told by 'close'
    if (sockets.size >= maxConnections) {
      onProblem('refused: too many connections on the local socket');
      refuse(socket, 'busy', `${maxConnections} connections to the service are open`);
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    void takeRequest(socket, options);
  });
  await bind(server, options);
  server.on('error', (error) => onProblem(error.message));
  return {
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroySoon();
      const unread = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_MS);
      await closed;
      clearTimeout(unread);
    },
  };
}

async function takeRequest(socket: Socket, options: SocketServerOptions): Promise<void> {
  const { requestMs = LIMITS.requestMs, serve, onProblem } = options;
  let request: Awaited<ReturnType<typeof readFirstLine>>;
  try {
    request = await withDeadline(readFirstLine(socket), requestMs, 'the request line');
  } catch (error) {
    refuse(socket, 'bad_request', error instanceof Error ? error.message : 'no request');
    return;
  }
  try {
    await serve(request.line, socket, request.rest);
  } catch (error) {
    onProblem(`a request failed: ${String(error)}`);
    socket.destroy();
  }
}

function refuse(socket: Socket, code: string, error: string): void {
  writeJsonLine(socket, { ok: false, error, code });
  socket.destroySoon();
}

/** Takes over the file of a service that died; never that of one that lives. */
async function bind(server: Server, options: SocketServerOptions): Promise<void> {
  const { path, gid } = options;
  if (await isServed(path))
    throw new OperationError(`another service answers on ${path}`, {
      hint: 'run `systemctl status convocate-status`',
    });
  await rm(path, { force: true });
  const umask = process.umask(0o777 & ~SOCKET_MODE); // it is bound within listen(): never open to all, even briefly
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await once(server, 'listening');
  if (gid !== undefined && gid !== process.getgid?.()) await chown(path, process.getuid?.() ?? 0, gid);
  await chmod(path, SOCKET_MODE);
}

async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
