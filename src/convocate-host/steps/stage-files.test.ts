import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../base/run-command.ts';
import { type ExpectedStart, fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { RECEIVE_BLOB, scriptArgv } from '../host-scripts.ts';
import { manifest } from '../plan-fixture.ts';
import type { PlannedBlob } from '../plan-types.ts';
import { type ToldRollout, planWith, rolloutOn } from '../rollout-fixture.ts';
import { UNPACK_RELEASE } from '../release-scripts.ts';
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

const UNPACK = { argv: scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, 'v2', AGENT_HOST.allowedSignersFile) };
const acks = { answers: (bytes: number) => `ack ${bytes}` };

describe('a large program file', () => {
  const content = randomBytes(300_000);
  const sha256 = createHash('sha256').update(content).digest('hex');

  /** Sent on a host that takes it in as each of `starts` says. */
  async function stage(
    offset: number,
    starts: readonly Partial<ExpectedStart>[],
    keptBytes?: number,
  ): Promise<Rollout> {
    const { blobs } = new ReleaseStore(directory);
    let { packedSize } = await blobs.putBytes(content, 'gz');
    if (keptBytes !== undefined) await truncate(blobs.pathOf(sha256, 'gz'), (packedSize = keptBytes));
    const plan = { what: 'runtime/node', sha256, packedBytes: packedSize, offset };
    const argvOf = (from: number): string[] =>
      scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(from), String(packedSize));
    const script = starts.map((start, index) => ({ start: argvOf(index === 0 ? offset : 0), ...start }));
    const host = fakeHost('agent-a', [...script, UNPACK]);
    const rollout = rolloutOn(host, {
      store: new ReleaseStore(directory),
      ...planWith({ largeFiles: [plan], stageRelease: true }),
    });
    said = rollout.said;
    await stageFiles.run(rollout);
    rollout.sentBytes -= Number(/(\d+)$/.exec(said.pop() ?? '')?.[1]); // of the release itself
    return rollout;
  }

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

  test('that is damaged on this machine is told to be, with what helps: no host would ever get it', async () => {
    const damaged = { ...acks, finishesWith: { exitCode: 9 } };
    await expect(stage(0, [damaged, damaged], 200_000)).rejects.toMatchObject({
      message: `blob ${sha256.slice(0, 12)} is damaged in ${join(directory, 'blobs')}`,
      details: { hint: expect.stringContaining('make install') as string },
    });
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

describe('the host', () => {
  const large = randomBytes(5 * 1024 * 1024);
  const small = Buffer.from('export {};\n');

  /** A release of a large and a small file, all of it on the host, which answers to what it is sent with `unpacked`. */
  async function stage(unpacked: readonly Partial<CommandResult>[], sends = true): Promise<ToldRollout> {
    const { blobs } = new ReleaseStore(directory);
    const [node, program] = [await blobs.putBytes(large, 'gz'), await blobs.putBytes(small, 'gz')];
    const size = String(node.packedSize);
    const again = { start: scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, node.sha256, '0', size), ...acks };
    const [first, ...more] = unpacked.map((answer) => ({ ...UNPACK, answer }));
    const host = fakeHost('agent-a', [first ?? UNPACK, ...(sends ? [again] : []), ...more]);
    const rollout = rolloutOn(host, {
      store: new ReleaseStore(directory),
      ...planWith({ stageRelease: true }),
    });
    const files = [
      { path: 'runtime/node', sha256: node.sha256, size: large.length, executable: true },
      { path: 'lib/convocate-agent.mjs', sha256: program.sha256, size: small.length, executable: false },
      { path: 'skel/copy', sha256: program.sha256, size: small.length, executable: false },
    ];
    rollout.release = { ...need(rollout, 'release'), manifest: { ...manifest, files } };
    try {
      await stageFiles.run(rollout);
    } finally {
      await host.close();
    }
    host.assertDone();
    return rollout;
  }
  const asks = { exitCode: 9, stdout: 'runtime/node\nlib/convocate-agent.mjs\nskel/copy\n' };

  test('is sent, once more in the same run, what lay damaged on it', async () => {
    const { said, mended, sentBytes } = await stage([asks, {}]);
    expect(said).toContain('warn runtime/node, skel/copy lay damaged on the host, or went away; sent anew');
    expect(mended).toEqual(['runtime/node', 'skel/copy']);
    expect(said.at(-1)).toMatch(/^transfer the release \(1 small files\)/);
    expect(sentBytes).toBeGreaterThan(large.length);
  });

  test('on which it is damaged again has trouble of its own, which is told', async () => {
    await expect(stage([asks, asks])).rejects.toMatchObject({
      message: 'files of the release are damaged on the host although they were just sent',
      details: { host: 'agent-a', output: 'runtime/node\nskel/copy' },
    });
  });

  test("refuses a release that is not the cluster's, before any of it runs", async () => {
    const answer = { exitCode: 3, stderr: "the release manifest's signature is not that of this cluster" };
    await expect(stage([answer], false)).rejects.toMatchObject({
      name: 'RefusedError',
      message: 'the host refused release v2; nothing of it was run there',
      details: {
        host: 'agent-a',
        output: answer.stderr,
        hint: expect.stringContaining('make install') as string,
      },
    });
  });

  test.each([
    [{ exitCode: 9, stderr: 'gzip: stdin: unexpected end of file' }],
    [{ exitCode: 9, stdout: 'of/another/release\n' }],
    [{ exitCode: 1, stderr: 'No space left on device' }],
  ])('that ends with %j is told', async (answer) => {
    await expect(stage([answer], false)).rejects.toMatchObject({
      name: 'OperationError',
      message: 'the release could not be put together on the host',
    });
  });
});
