import type { ShellTerminal } from '../../cluster/shell-client.ts';
import type { OwnTerminal } from './own-terminal.ts';
import type { ScreenModes } from './screen-modes.ts';
import { whileSignalled } from './while-signalled.ts';

/**
 * For an agent of an older release, which knows nothing of frames: keys out, screen in, until the session's side ends or
 * a signal comes; gives the signal. A connection that is lost is the end here.
 */
export async function relayRaw(
  own: OwnTerminal,
  modes: ScreenModes,
  { terminal, first }: { readonly terminal: ShellTerminal; readonly first: Buffer },
  ended: AbortSignal | undefined,
): Promise<NodeJS.Signals | undefined> {
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
  own.stream.pipe(socket);
  onResize(); // the window may have changed while the session was being started
  try {
    return await whileSignalled({ onEnd: resolve, onResize }, ended, over);
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
