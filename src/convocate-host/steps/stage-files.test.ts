import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExpectedStart, fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { RECEIVE_BLOB, UNPACK_RELEASE, scriptArgv } from '../host-scripts.ts';
import type { PlannedBlob } from '../plan-types.ts';
import { planWith, rolloutOn } from '../rollout-fixture.ts';
import { type Rollout, need } from '../rollout.ts';
import { stageFiles } from './stage-files.ts';

let directory: string;
let said: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-steps-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('a large program file', () => {
  const content = randomBytes(300_000);
  const sha256 = createHash('sha256').update(content).digest('hex');

  /** Sent on a host that takes it in as each of `starts` says. */
  async function stage(offset: number, starts: readonly Partial<ExpectedStart>[]): Promise<Rollout> {
    const { packedSize } = await new ReleaseStore(directory).blobs.putBytes(content, 'gz');
    const plan = { what: 'runtime/node', sha256, packedBytes: packedSize, offset };
    const argvOf = (from: number): string[] =>
      scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(from), String(packedSize));
    const script = starts.map((start, index) => ({ start: argvOf(index === 0 ? offset : 0), ...start }));
    const host = fakeHost('agent-a', [
      ...script,
      { argv: scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, 'v2') },
    ]);
    const rollout = rolloutOn(host, {
      store: new ReleaseStore(directory),
      ...planWith({ largeFiles: [plan], stageRelease: true }),
    });
    said = rollout.said;
    await stageFiles.run(rollout);
    rollout.sentBytes -= Number(/(\d+)$/.exec(said.pop() ?? '')?.[1]); // of the release itself
    return rollout;
  }
  const acks = { answers: (bytes: number) => `ack ${bytes}` };

  test.each([0, 100_000])(
    'from offset %i counts what is sent, and reports what has landed',
    async (offset) => {
      const rollout = await stage(offset, [acks]);
      const [{ packedBytes }] = need(rollout, 'plan').largeFiles as [PlannedBlob];
      expect(rollout.sentBytes).toBe(packedBytes - offset);
      expect(said[0]).toBe(`transfer runtime/node ${offset}/${packedBytes}`);
      expect(said[1]).toBe(`transfer runtime/node ${offset + 64 * 1024}/${packedBytes}`);
      expect(said.at(-1)).toBe(`transfer runtime/node ${packedBytes}/${packedBytes}`);
    },
  );

  test('that arrived damaged is sent once more from its start, and said to be', async () => {
    const rollout = await stage(100_000, [{ ...acks, finishesWith: { exitCode: 9 } }, acks]);
    const [{ packedBytes }] = need(rollout, 'plan').largeFiles as [PlannedBlob];
    expect(rollout.sentBytes).toBe(packedBytes - 100_000 + packedBytes);
    expect(said).toContain('warn runtime/node arrived damaged, or lay damaged on the host; it is sent again');
  });

  test.each([
    [[9, 9], 'runtime/node arrived damaged twice'],
    [[1], 'runtime/node could not be sent'],
  ])('that ends with %j is told', async (exitCodes, message) => {
    const starts = exitCodes.map((exitCode) => ({ ...acks, finishesWith: { exitCode, stderr: 'why' } }));
    await expect(stage(0, starts)).rejects.toMatchObject({
      message,
      details: { host: 'agent-a', exitCode: exitCodes[0], output: 'why' },
    });
  });
});
