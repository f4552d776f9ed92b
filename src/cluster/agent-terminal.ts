import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import * as z from 'zod/mini';
import { withDeadline } from '../base/deadline.ts';
import { messageOf } from '../base/errors.ts';
import type { AttachHeader } from '../protocol/attach.ts';
import { RpcError, isErrorCode } from '../protocol/error-codes.ts';
import { LIMITS, SUBSYSTEM } from '../protocol/limits.ts';
import type { SshConnection } from '../ssh/client.ts';
import { writeJsonLine } from '../ssh/json-channel.ts';
import { AgentUnreachableError } from './agent-errors.ts';
import { clipWords } from './agent-words.ts';

/** Raw bytes of a session's terminal, both ways. Ending it detaches this client. */
export type AgentTerminal = Duplex & { resize(cols: number, rows: number): void };

/** How long a line that looks like a refusal may stay open before it counts as terminal output after all. */
const REFUSAL_GRACE_MS = 1_000;
const OPEN_BRACE = 0x7b;
const Refusal = z.object({ ok: z.literal(false), error: z.string(), code: z.optional(z.string()) });

/**
 * Attaches to a session, which the agent starts first where it is stopped. Settles when the terminal's first bytes
 * are there: only they tell a terminal from a refusal, which is one JSON line followed by the channel's end.
 */
export async function openTerminal(
  connection: SshConnection,
  host: string,
  header: AttachHeader,
  timeoutMs: number = LIMITS.changeCallMs,
): Promise<AgentTerminal> {
  let channel: ClientChannel | undefined;
  const exchange = async (): Promise<ClientChannel> => {
    channel = await connection.openSubsystem(SUBSYSTEM.attach, { timeoutMs });
    channel.on('error', () => {}); // told by the end of the channel
    channel.stderr.resume();
    writeJsonLine(channel, header);
    await firstBytes(channel);
    return channel;
  };
  try {
    return withResize(await withDeadline(exchange(), timeoutMs, 'attaching'));
  } catch (error) {
    channel?.resume().destroy();
    if (error instanceof RpcError) throw error;
    throw new AgentUnreachableError(host, `the agent opened no terminal: ${messageOf(error)}`, {
      sent: false,
      cause: error,
    });
  }
}

/** Waits for the terminal's first bytes and puts them back. {@link RpcError} where they are a refusal. */
export async function firstBytes(channel: Duplex, graceMs: number = REFUSAL_GRACE_MS): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let held = Buffer.alloc(0);
  let grace: NodeJS.Timeout | undefined;
  const isTerminal = (): void => {
    stop();
    channel.unshift(held);
    resolve();
  };
  const onData = (chunk: Buffer): void => {
    held = Buffer.concat([held, chunk]);
    if (couldBeRefusal(held)) grace ??= setTimeout(isTerminal, graceMs);
    else isTerminal();
  };
  const onEnd = (): void => {
    stop();
    reject(refusalIn(held));
  };
  const stop = (): void => {
    clearTimeout(grace);
    channel.pause();
    channel.off('data', onData).off('end', onEnd).off('close', onEnd);
  };
  channel.on('data', onData).on('end', onEnd).on('close', onEnd);
  await promise;
}

/** At most one line, and it opens an object: what tmux sends first never does. */
function couldBeRefusal(bytes: Buffer): boolean {
  const newline = bytes.indexOf(0x0a);
  return (
    bytes[0] === OPEN_BRACE &&
    bytes.length <= LIMITS.lineBytes &&
    (newline === -1 || newline === bytes.length - 1)
  );
}

function refusalIn(bytes: Buffer): Error {
  const text = bytes.toString('utf8').trim();
  try {
    const { error, code } = Refusal.parse(JSON.parse(text));
    return new RpcError(code !== undefined && isErrorCode(code) ? code : 'refused', clipWords(error));
  } catch {
    return new Error(
      text ? `it ended at once, saying: ${text}` : 'it ended before the terminal said anything',
    );
  }
}

function withResize(channel: ClientChannel): AgentTerminal {
  // ssh2 sends window-change only on channels it takes for a shell; ours is a subsystem with a terminal behind it.
  (channel as { subtype?: string }).subtype = 'shell';
  return Object.assign(channel, {
    resize: (cols: number, rows: number): void => channel.setWindow(rows, cols, 0, 0),
  });
}
