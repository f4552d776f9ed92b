import type { ShellTerminal } from '../../cluster/shell-client.ts';
import type { OwnTerminal } from './own-terminal.ts';
import { ScreenModes } from './screen-modes.ts';

const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Keys out, screen in, until the session's side ends or a signal comes; gives the signal. */
export async function relayTerminal(
  own: OwnTerminal,
  terminal: ShellTerminal,
): Promise<NodeJS.Signals | undefined> {
  const { socket } = terminal;
  const modes = new ScreenModes();
  const { promise: over, resolve } = Promise.withResolvers<NodeJS.Signals | undefined>();
  const onSignal = (signal: NodeJS.Signals): void => resolve(signal);
  const onResize = newestFirst(async () => {
    const { cols, rows } = own.size();
    await terminal.resize(cols, rows);
  });
  const onExit = (): void => own.restore(); // an error nobody caught: the shell must be usable after it

  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  process.on('SIGWINCH', onResize);
  process.on('exit', onExit);
  try {
    await own.makeRaw();
    const show = (bytes: Buffer): void => {
      modes.follow(bytes);
      if (own.output.write(bytes)) return;
      socket.pause();
      own.output.once('drain', () => socket.resume());
    };
    if (terminal.first.length > 0) show(terminal.first);
    socket.on('data', show);
    socket.on('close', () => resolve(undefined));
    own.input.on('end', () => resolve('SIGHUP'));
    socket.resume();
    own.input.pipe(socket);
    onResize(); // the window may have changed while the session was being started
    return await over;
  } finally {
    own.input.unpipe(socket);
    socket.destroySoon();
    own.output.write(modes.restoring());
    process.off('SIGWINCH', onResize);
    process.off('exit', onExit);
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
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
