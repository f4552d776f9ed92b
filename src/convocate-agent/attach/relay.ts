import type { Duplex } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import { messageOf } from '../../base/errors.ts';
import type { Agent } from '../sessions/agent.ts';
import type { AttachedClient } from '../sessions/attached-clients.ts';
import { announce } from '../sessions/describe-session.ts';
import type { SessionTerminal } from './session-terminal.ts';
import type { SessionUse } from './session-use.ts';

/**
 * Carries bytes both ways until either side ends, each side held back by the other. Whatever the end is, no process of
 * this client is left in the container, and the channel is closed.
 *
 * @param typed bytes that came in the same packets as the header line
 */
export async function relay(
  agent: Agent,
  id: string,
  channel: ServerChannel,
  terminal: SessionTerminal,
  typed: Buffer,
  use: SessionUse,
): Promise<void> {
  const { promise: ended, resolve: markEnded } = Promise.withResolvers<void>();
  const client: AttachedClient = { detach: () => terminal.detach(), ended };
  const remove = agent.attached.add(id, client);
  const terminalEnd = closeOf(terminal.stream);
  terminal.stream.on('error', (error) =>
    agent.log.warn({ err: error, session: id }, 'attach: terminal failed'),
  );
  const channelEnd = closeOf(channel);
  try {
    // Not before tmux has drawn: what is typed while it sets its terminal up may be thrown away.
    terminal.stream.once('data', () => {
      if (typed.length > 0) terminal.stream.write(typed);
      // The end of the operator's input is not passed on: who pipes something in still wants to see the answer.
      channel.pipe(terminal.stream, { end: false });
      channel.on('data', () => use.typed());
    });
    terminal.stream.pipe(channel, { end: false });
    await announce(agent, 'container.attached', id);
    await Promise.race([terminalEnd, channelEnd]);

    terminal.stream.unpipe(channel);
    terminal.stream.resume(); // a client that cannot write could not leave
    await terminal.detach();
  } catch (error) {
    agent.log.warn({ session: id }, `attach: a client may be left in the container: ${messageOf(error)}`);
  } finally {
    remove();
    const exitCode = await exitCodeOf(terminal);
    terminal.stream.destroy();
    channel.unpipe();
    channel.resume();
    channel.exit(exitCode);
    channel.end();
    await use.note();
    await announce(agent, 'container.detached', id);
    markEnded();
  }
}

/** Unlike `once`, an error does not count as another end: 'close' follows it. */
async function closeOf(stream: Duplex): Promise<void> {
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

async function exitCodeOf(terminal: SessionTerminal): Promise<number> {
  try {
    return (await terminal.status()).exitCode ?? 0;
  } catch {
    return 255; // Docker is gone, and so is the terminal
  }
}
