import type { Socket } from 'node:net';

/**
 * ssh2 writes each SSH packet in three pieces, and with TCP_NODELAY each piece is a packet of its own that wakes the other
 * side up. From here on whatever is written in one turn leaves together.
 */
export function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = (...args: unknown[]): boolean => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
}
