import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** An agent that was told of a detach must close its side within this time. */
const FAREWELL_MS = 5_000;

/**
 * Carries raw bytes both ways until either side ends, no faster than the slower one takes them. Ends the other side
 * after what is still on its way; settles when both are closed. Never rejects: an end is an end.
 */
export async function relay(client: Duplex, terminal: Duplex, farewellMs = FAREWELL_MS): Promise<void> {
  const clientClosed = closeOf(client);
  const terminalClosed = closeOf(terminal);
  let farewell: NodeJS.Timeout | undefined;

  /** Unread output would keep a channel from closing: nobody is there to read it any more. */
  const hangUp = (): void => {
    terminal.unpipe(client);
    terminal.resume();
    terminal.destroy();
  };
  client.on('end', () => {
    farewell = setTimeout(hangUp, farewellMs);
  });
  void clientClosed.then(hangUp);
  void terminalClosed.then(() => client.end());
  client.pipe(terminal);
  terminal.pipe(client);
  await terminalClosed;
  clearTimeout(farewell);
  const late = setTimeout(() => client.destroy(), farewellMs); // a client that reads no more
  await clientClosed;
  clearTimeout(late);
}

async function closeOf(stream: Duplex): Promise<void> {
  stream.on('error', () => {}); // 'close' follows
  if (!stream.closed) await once(stream, 'close').catch(() => {});
}
