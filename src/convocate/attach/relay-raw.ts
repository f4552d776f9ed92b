import type { ShellTerminal } from '../../cluster/shell-client.ts';
import { LeaveKeys } from './leave-keys.ts';
import type { OwnTerminal } from './own-terminal.ts';
import type { ScreenModes } from './screen-modes.ts';
import { whileSignalled } from './while-signalled.ts';

export interface RawEnd {
  /** Undefined where the session's side ended. */
  readonly signal: NodeJS.Signals | undefined;
  /** Ctrl-B D was pressed last. */
  readonly pressedDetach: boolean;
}

/**
 * For an agent of an older release, which knows nothing of frames: keys out, screen in, until the session's side ends or
 * a signal comes. A connection that is lost is the end here.
 */
export async function relayRaw(
  own: OwnTerminal,
  modes: ScreenModes,
  { terminal, first }: { readonly terminal: ShellTerminal; readonly first: Buffer },
  ended: AbortSignal | undefined,
): Promise<RawEnd> {
  const leaveKeys = new LeaveKeys();
  const { socket } = terminal;
  const { promise: over, resolve } = Promise.withResolvers<NodeJS.Signals | undefined>();
  const onResize = newestFirst(async () => {
    const { cols, rows } = own.size();
    await terminal.resize(cols, rows);
  });
  const show = (bytes: Buffer): void => {
    modes.follow(bytes);
    if (own.stream.write(bytes)) return;
    socket.pause();
    own.stream.once('drain', () => socket.resume());
  };
  if (first.length > 0) show(first);
  socket.on('data', show);
  socket.on('close', () => resolve(undefined));
  if (socket.closed) resolve(undefined);
  own.stream.on('close', () => resolve('SIGHUP'));
  socket.resume();
  own.stream.on('data', (keys: Buffer) => leaveKeys.typed(keys));
  own.stream.pipe(socket);
  onResize(); // the window may have changed while the session was being started
  try {
    const signal = await whileSignalled({ onEnd: resolve, onResize }, ended, over);
    return { signal, pressedDetach: leaveKeys.endedWithDetach };
  } finally {
    own.stream.unpipe(socket);
    socket.destroySoon();
  }
}

/** One call at a time; what comes meanwhile is one more call after it. A failed one is left to the next. */
function newestFirst(work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = (): void => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    void work()
      .catch(() => {})
      .finally(() => {
        running = false;
        if (!again) return;
        again = false;
        run();
      });
  };
  return run;
}
