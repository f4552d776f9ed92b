import type { ShellTerminal } from '../../cluster/shell-client.ts';
import type { OwnTerminal } from './own-terminal.ts';
import { whileSignalled } from './while-signalled.ts';

/** A session that runs is there before anyone could read that it is being opened. */
const NOTICE_MS = 500;
const ERASE_LINE = '\r\u001b[K';
const CTRL_C = 0x03;

export type Opened =
  | { readonly how: 'open'; readonly terminal: ShellTerminal; readonly first: Buffer }
  | { readonly how: 'left' }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals };

export interface OpenAttachOptions {
  /** Raw already. What is typed meanwhile is for the session: it can be read from it afterwards. */
  readonly own: Pick<OwnTerminal, 'stream'>;
  /** As the notice calls the session. */
  readonly name: string;
  readonly open: (signal: AbortSignal) => Promise<ShellTerminal>;
  /** Whoever runs this has to end. */
  readonly ended?: AbortSignal | undefined;
}

/**
 * Opens a session's terminal while the operator can still change their mind: a session that has to be started may take its
 * time, and a host that hangs more. Once that is said, Ctrl-C leaves; a signal ends it at any time.
 */
export async function openAttach({ own, name, open, ended }: OpenAttachOptions): Promise<Opened> {
  const { stream } = own;
  const stop = new AbortController();
  let why: Opened = { how: 'left' };
  const end = (signal: NodeJS.Signals): void => {
    why = { how: 'signal', signal };
    stop.abort();
  };
  const onHangup = (): void => end('SIGHUP');
  let isShown = false;
  const notice = setTimeout(() => {
    isShown = true;
    stream.write(`opening ${name} …   Ctrl-C leaves`);
  }, NOTICE_MS);
  const typed: Buffer[] = [];
  const onKeys = (keys: Buffer): void => {
    if (isShown && keys.includes(CTRL_C)) stop.abort();
    else typed.push(keys);
  };
  stream.on('data', onKeys).on('close', onHangup);
  try {
    return await whileSignalled({ onEnd: end, onResize: () => {} }, ended, opened(open, stop.signal));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return why;
  } finally {
    clearTimeout(notice);
    stream.off('data', onKeys).off('close', onHangup);
    stream.pause();
    if (isShown && !stream.destroyed) stream.write(ERASE_LINE);
    if (typed.length > 0 && !stream.destroyed) stream.unshift(Buffer.concat(typed));
  }
}

async function opened(
  open: OpenAttachOptions['open'],
  signal: AbortSignal,
): Promise<Extract<Opened, { how: 'open' }>> {
  signal.throwIfAborted();
  const terminal = await open(signal);
  const first = await firstBytes(terminal);
  signal.throwIfAborted();
  return { how: 'open', terminal, first };
}

/** Frames begin with the agent's hello; an agent of an older release sends raw bytes. Empty where it has ended. */
async function firstBytes({ socket, first }: ShellTerminal): Promise<Buffer> {
  if (first.length > 0) return first;
  return await new Promise((resolve) => {
    const done = (bytes: Buffer): void => {
      socket.pause(); // at once: the next bytes are for whoever reads on
      socket.off('data', done).off('end', nothing).off('close', nothing);
      resolve(bytes);
    };
    const nothing = (): void => done(Buffer.alloc(0));
    socket.on('data', done).on('end', nothing).on('close', nothing).resume();
  });
}
