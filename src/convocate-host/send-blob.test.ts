import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandResult } from '../base/run-command.ts';
import { fakeHost } from '../host-access/fake-host.ts';
import type { RunningCommand } from '../host-access/host.ts';
import { ackLine } from '../protocol/layer-transfer.ts';
import type { Rollout } from './rollout.ts';
import { type OutgoingBlob, type Sent, sendBlobs } from './send-blob.ts';

const KIB = 1024;

/** A receiver that acknowledges when and what it likes, and may end in the middle. */
class Receiver implements RunningCommand {
  readonly #listeners: ((line: string) => void)[] = [];
  readonly #end = Promise.withResolvers<CommandResult>();
  readonly ended = this.#end.promise;
  readonly #onWrite: (receiver: Receiver) => void;
  landed = 0;
  acknowledged = 0;
  mostUnacknowledged = 0;

  constructor(onWrite: (receiver: Receiver) => void) {
    this.#onWrite = onWrite;
  }
  acknowledge(total = this.landed): void {
    this.acknowledged = total;
    for (const listener of this.#listeners) listener(ackLine(total).trimEnd());
  }
  end(exitCode = 0): void {
    this.#end.resolve({ exitCode, stdout: '', stderr: '' });
  }
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener);
  }
  write(bytes: Uint8Array): Promise<void> {
    this.landed += bytes.length;
    this.mostUnacknowledged = Math.max(this.mostUnacknowledged, this.landed - this.acknowledged);
    this.#onWrite(this);
    return Promise.resolve();
  }
  finish(): Promise<CommandResult> {
    this.acknowledge();
    this.end();
    return this.ended;
  }
  say(): void {}
  firstLine(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

async function send(
  receiver: Receiver,
  blobs: readonly (readonly [offset: number, packedBytes: number])[],
): Promise<{ sent: Sent; sentBytes: number; said: string[] }> {
  const said: string[] = [];
  const host = { ...fakeHost('agent-a', []), start: () => Promise.resolve(receiver) };
  const reporter = {
    transfer: (what: string, bytes: number, total: number) => void said.push(`${what} ${bytes}/${total}`),
  };
  const rollout = { host, reporter, options: {}, sentBytes: 0 } as unknown as Rollout;
  const outgoing = blobs.map(([offset, packedBytes], index): OutgoingBlob => {
    const open = (): Readable => Readable.from([Buffer.alloc(packedBytes - offset)]);
    return { what: `blob ${index}`, offset, packedBytes, open };
  });
  const sent = await sendBlobs(rollout, outgoing, ['receive']);
  return { sent, sentBytes: rollout.sentBytes, said };
}

test('a cut costs at most 1 MiB, however slowly the other end acknowledges', async () => {
  const later = (receiver: Receiver): void => {
    const { landed } = receiver;
    setTimeout(() => receiver.acknowledge(landed), 2);
  };
  const receiver = new Receiver(later);
  const { sentBytes } = await send(receiver, [[0, 5000 * KIB]]);
  expect(sentBytes).toBe(5000 * KIB);
  expect(receiver.mostUnacknowledged).toBeLessThanOrEqual(KIB * KIB);
  expect(receiver.mostUnacknowledged).toBeGreaterThan(512 * KIB); // and the line is kept busy
});

test('the sender stops when the other end does, and gives its answer', async () => {
  const receiver = new Receiver((one) => {
    if (one.landed === 512 * KIB) one.end(1);
  });
  const { sent, sentBytes } = await send(receiver, [
    [0, 4000 * KIB],
    [0, 4000 * KIB],
  ]);
  expect(sent.result.exitCode).toBe(1);
  expect(sentBytes).toBeLessThanOrEqual(KIB * KIB);
});

test('what has landed is told blob by blob, and never more or less than it is', async () => {
  // All of them fit into the window: what is never acknowledged would hold up the rest.
  const blob = fc.tuple(fc.nat(300 * KIB), fc.nat(240 * KIB)).map(([a, b]) => [a, a + b] as const);
  await fc.assert(
    fc.asyncProperty(fc.array(blob, { maxLength: 4 }), fc.nat(), async (blobs, cut) => {
      const missing = blobs.map(([offset, packedBytes]) => packedBytes - offset);
      const all = missing.reduce((sum, bytes) => sum + bytes, 0);
      const limit = cut % (all + 1);
      const receiver = new Receiver((one) => one.acknowledge(Math.min(one.landed, limit)));
      receiver.finish = () => {
        receiver.end();
        return receiver.ended;
      };
      const { sent, sentBytes } = await send(receiver, blobs);
      expect(sentBytes).toBe(all);
      const gained = sent.landed.map((landed, index) => landed - (blobs[index]?.[0] ?? 0));
      expect(gained.reduce((sum, bytes) => sum + bytes, 0)).toBe(Math.min(limit, all));
      const firstShort = gained.findIndex((bytes, index) => bytes < (missing[index] ?? 0));
      if (firstShort !== -1) expect(gained.slice(firstShort + 1).every((bytes) => bytes === 0)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('progress is of what was acknowledged, from where an earlier transfer stopped', async () => {
  const receiver = new Receiver((one) => {
    if (one.landed === 128 * KIB) one.acknowledge(100 * KIB);
  });
  const { said } = await send(receiver, [
    [1000 * KIB, 1000 * KIB],
    [50 * KIB, 250 * KIB],
  ]);
  const total = 250 * KIB;
  expect(said).toEqual([
    `blob 1 ${50 * KIB}/${total}`,
    `blob 1 ${150 * KIB}/${total}`,
    `blob 1 ${total}/${total}`,
  ]);
});
