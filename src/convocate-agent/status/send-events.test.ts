import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import { Outbox } from './outbox.ts';
import { sendEvents } from './send-events.ts';

const NOW = '2026-01-02T03:04:05.000Z';
const beat = (reason: string): StatusEventBody => ({ type: 'agent.shutdown', data: { reason } });

/** A connection whose other end reads only when told to. */
class StalledChannel extends Duplex {
  readonly lines: Record<string, unknown>[] = [];
  #stalled: (() => void) | undefined;
  stalls = false;

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
    if (this.stalls) this.#stalled = done;
    else done();
  }

  readOn(): void {
    this.stalls = false;
    this.#stalled?.();
  }
}

function start(limit = 3): {
  channel: StalledChannel;
  outbox: Outbox;
  done: Promise<void>;
  snapshots: () => number;
} {
  const channel = new StalledChannel();
  const outbox = new Outbox(limit);
  let snapshots = 0;
  const done = sendEvents(channel, outbox, {
    agentId: 'agent001',
    now: () => new Date(NOW),
    snapshot: async () => {
      snapshots += 1;
      return { sessions: [] };
    },
  });
  return { channel, outbox, done, snapshots: () => snapshots };
}

test('first a snapshot, then events in order, numbered from 1', async () => {
  const { channel, outbox, done } = start();
  await expect.poll(() => channel.lines).toHaveLength(1);
  outbox.push(beat('a'));
  outbox.push(beat('b'));
  await expect
    .poll(() => channel.lines)
    .toEqual([
      { type: 'agent.snapshot', agent_id: 'agent001', seq: 1, timestamp: NOW, data: { sessions: [] } },
      { type: 'agent.shutdown', agent_id: 'agent001', seq: 2, timestamp: NOW, data: { reason: 'a' } },
      { type: 'agent.shutdown', agent_id: 'agent001', seq: 3, timestamp: NOW, data: { reason: 'b' } },
    ]);
  channel.destroy();
  await done;
});

test('a shell that does not read costs no more than the limit; then it gets a snapshot and no gap', async () => {
  const { channel, outbox, done, snapshots } = start(3);
  channel.stalls = true;
  await expect.poll(() => channel.lines).toHaveLength(1);
  for (let i = 0; i < 1000; i += 1) outbox.push(beat(String(i)));
  channel.readOn();
  await expect
    .poll(() => channel.lines.map(({ type, seq }) => `${String(seq)} ${String(type)}`))
    .toContain('2 agent.snapshot');
  expect(channel.lines.length).toBeLessThanOrEqual(1 + 1 + 3);
  expect(channel.lines.map(({ seq }) => seq)).toEqual(channel.lines.map((_, index) => index + 1));
  expect(snapshots()).toBe(2);
  channel.destroy();
  await done;
});

test.each([false, true])('ends with its connection (stalled: %s)', async (stalled) => {
  const { channel, done } = start();
  channel.stalls = stalled;
  await expect.poll(() => channel.lines).toHaveLength(1);
  channel.destroy();
  await done;
});
