import type { Socket } from 'node:net';
import type { LiveView } from '../../cluster/live-view.ts';
import { refusalOf } from '../../cluster/shell-answer.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { describeIssue } from '../../protocol/rpc.ts';
import { ShellRequest } from '../../protocol/shell-socket.ts';
import { writeJsonLine } from '../../ssh/json-channel.ts';
import { passCall } from './requests.ts';
import type { Logger } from './service-log.ts';
import type { Terminals } from './terminals.ts';
import type { Watchers } from './watchers.ts';

export interface Service {
  readonly live: LiveView;
  readonly terminals: Terminals;
  readonly watchers: Watchers;
  readonly log: Logger;
}

/** Answers one request of the local socket and ends it; for `attach` and `watch`, when either side has ended. */
export async function answerRequest(
  service: Service,
  line: string,
  socket: Socket,
  rest: Buffer,
): Promise<void> {
  let host: string | undefined;
  try {
    const request = parseRequest(line);
    if ('agent_id' in request) host = service.live.agent(request.agent_id)?.host;
    if (request.op === 'attach') {
      await service.terminals.attach(request, socket, rest);
      return;
    }
    if (request.op === 'watch') {
      watch(service, socket);
      return;
    }
    writeJsonLine(socket, { ok: true, result: await resultOf(service, request, socket) });
  } catch (error) {
    const refusal = refusalOf(error, host);
    if (!refusal) service.log.error({ err: error }, 'a request failed');
    writeJsonLine(
      socket,
      refusal ?? {
        ok: false,
        code: 'internal',
        error: 'the status service failed; see `journalctl -u convocate-status`',
      },
    );
  }
  socket.destroySoon();
}

/** A watcher has nothing to say; the end of its side is the end of the watch. */
function watch({ watchers }: Service, socket: Socket): void {
  socket.on('end', () => socket.destroySoon());
  watchers.add(socket);
  socket.resume();
}

async function resultOf(
  service: Service,
  request: Exclude<ShellRequest, { op: 'attach' | 'watch' }>,
  socket: Socket,
): Promise<unknown> {
  switch (request.op) {
    case 'agents':
      return service.live.agents();
    case 'sessions':
      return service.live.sessions();
    case 'call':
      return (await passCall(service.live, service.log, request, goneSignal(socket))) ?? null;
    case 'resize':
      service.terminals.resize(request);
      return null;
  }
}

/**
 * Aborted when the client ends its side: whoever interrupts a script wants nothing that has not begun. One that ends it as
 * `nc` does, and reads on, is answered where there is no need to wait.
 */
function goneSignal(socket: Socket): AbortSignal {
  const gone = new AbortController();
  const onGone = (): void => gone.abort();
  socket.once('end', onGone).once('close', onGone).resume();
  return gone.signal;
}

const OPS: readonly string[] = [
  'agents',
  'sessions',
  'watch',
  'call',
  'attach',
  'resize',
] satisfies ShellRequest['op'][];

function parseRequest(line: string): ShellRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RpcError('bad_request', 'the request is not JSON');
  }
  const request = ShellRequest.safeParse(value);
  if (request.success) return request.data;
  const op = typeof value === 'object' && value !== null && 'op' in value ? value.op : undefined;
  if (typeof op === 'string' && !OPS.includes(op))
    throw new RpcError('unknown_op', `no request ${JSON.stringify(op.slice(0, 64))}`);
  throw new RpcError('bad_request', describeIssue(request.error, 'request'));
}
