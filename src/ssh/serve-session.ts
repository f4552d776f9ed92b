import type { PseudoTtyInfo, ServerChannel, Session } from 'ssh2';

/** What a subsystem handler gets besides its channel. */
export interface ChannelContext<Peer> {
  readonly peer: Peer;
  /** Address and port of the other end, for the log. */
  readonly from: string;
  /** Calls `listener` with the size at every `window-change`, and at once where a `pty-req` gave one. */
  onResize(listener: (cols: number, rows: number) => void): void;
}

export type SubsystemHandler<Peer> = (channel: ServerChannel, context: ChannelContext<Peer>) => void;

export interface SessionOptions<Peer> {
  readonly peer: Peer;
  readonly from: string;
  readonly subsystems: Readonly<Record<string, SubsystemHandler<Peer>>>;
  readonly ptySubsystems?: readonly string[];
  readonly onProblem?: (message: string, from: string) => void;
}

interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** Answers the requests on one session channel: a known subsystem is served, everything else refused. */
export function serveSession<Peer>(
  session: Session,
  options: SessionOptions<Peer>,
  closed: () => void,
): void {
  const resizeListeners: ((cols: number, rows: number) => void)[] = [];
  const ptySubsystems = options.ptySubsystems ?? [];
  let size: Size | undefined;
  let wantsPty = false;

  const resized = (next: Size): void => {
    size = next;
    for (const listener of resizeListeners) listener(next.cols, next.rows);
  };
  session.once('close', closed);
  session.on('pty', (accept, reject, info: PseudoTtyInfo) => {
    if (ptySubsystems.length === 0) {
      reject?.();
      return;
    }
    wantsPty = true;
    resized(info);
    accept?.();
  });
  session.on('window-change', (accept, _reject, info) => {
    accept?.();
    resized(info);
  });
  session.on('subsystem', (accept, reject, info) => {
    const handler = Object.hasOwn(options.subsystems, info.name) ? options.subsystems[info.name] : undefined;
    if (!handler || (wantsPty && !ptySubsystems.includes(info.name))) {
      reject?.();
      return;
    }
    const channel = accept();
    channel.on('error', (error: Error) => options.onProblem?.(error.message, options.from));
    handler(channel, {
      peer: options.peer,
      from: options.from,
      onResize: (listener) => {
        resizeListeners.push(listener);
        if (size) listener(size.cols, size.rows);
      },
    });
  });
  session.on('env', (_accept, reject) => reject?.());
  session.on('x11', (_accept, reject) => reject?.());
  session.on('auth-agent', (_accept, reject) => reject?.());
  session.on('shell', (_accept, reject) => reject?.());
  session.on('exec', (_accept, reject) => reject?.());
  session.on('sftp', (_accept, reject) => reject?.());
}
