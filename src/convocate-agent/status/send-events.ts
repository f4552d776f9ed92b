import type { Duplex } from 'node:stream';
import type { AgentSnapshot, StatusEventBody } from '../../protocol/status-events.ts';
import { writeJsonLine } from '../../ssh/json-channel.ts';
import type { Outbox } from './outbox.ts';

export interface SendOptions {
  readonly agentId: string;
  readonly now: () => Date;
  readonly snapshot: () => Promise<AgentSnapshot>;
  /** Called after each event that was handed to the connection. */
  readonly onSent?: (type: StatusEventBody['type']) => void;
}

/**
 * Sends what is in the outbox, numbered from 1, until the channel is closed. A shell that does not read holds this up
 * and nothing else. The outbox has to be started over before: the first event of a connection is a snapshot.
 */
export async function sendEvents(channel: Duplex, outbox: Outbox, options: SendOptions): Promise<void> {
  let open = true;
  let mayGoOn = (): void => {};
  channel.once('close', () => {
    open = false;
    outbox.wake();
    mayGoOn();
  });
  for (let seq = 1; open; ) {
    const next = outbox.take();
    if (next === undefined) {
      await outbox.filled();
      continue;
    }
    const body: StatusEventBody =
      next === 'snapshot' ? { type: 'agent.snapshot', data: await options.snapshot() } : next;
    if (!open) return;
    const { type, ...rest } = body;
    const envelope = { type, agent_id: options.agentId, seq, timestamp: options.now().toISOString() };
    seq += 1;
    const hasRoom = writeJsonLine(channel, { ...envelope, ...rest });
    options.onSent?.(type);
    if (hasRoom) continue;
    await new Promise<void>((resolve) => {
      mayGoOn = resolve;
      channel.once('drain', resolve);
    });
    channel.off('drain', mayGoOn);
  }
}
