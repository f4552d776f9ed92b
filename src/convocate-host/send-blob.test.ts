import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExpectedCall, fakeHost } from '../host-access/fake-host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { ReleaseStore } from '../release/release-store.ts';
import { RECEIVE_BLOB, scriptArgv } from './host-scripts.ts';
import { planWith, rolloutOn, runStep, type ToldRollout } from './rollout-fixture.ts';
import { sendBlob } from './send-blob.ts';
import { stageImage } from './steps/stage-image.ts';

let directory: string;
let store: ReleaseStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-send-blob-'));
  store = new ReleaseStore(directory);
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('sending a blob', () => {
  const content = Buffer.from('a program, '.repeat(2000));
  const sha256 = createHash('sha256').update(content).digest('hex');
  const argvOf = (offset: number): string[] =>
    scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(offset));

  async function send(
    offset: number,
    answer?: ExpectedCall['answer'],
  ): Promise<{ rollout: ToldRollout; packedBytes: number }> {
    const host = fakeHost('agent-a', [{ argv: argvOf(offset), ...(answer && { answer }) }]);
    const rollout = rolloutOn(host, { store });
    const { packedSize } = await store.blobs.putBytes(content, 'gz');
    await sendBlob(
      rollout,
      { what: 'runtime/node', sha256, packedBytes: packedSize, offset },
      'gz',
      argvOf(offset),
    );
    return { rollout, packedBytes: packedSize };
  }

  test.each([0, 10])(
    'from offset %i counts what crossed the network, and reports the whole',
    async (offset) => {
      const { rollout, packedBytes } = await send(offset);
      expect(rollout.sentBytes).toBe(packedBytes - offset);
      expect(rollout.said).toEqual([
        `transfer runtime/node ${offset}/${packedBytes}`,
        `transfer runtime/node ${packedBytes}/${packedBytes}`,
      ]);
    },
  );

  test.each([
    [9, 'runtime/node arrived damaged'],
    [1, 'runtime/node could not be sent'],
  ])('that ends with %i is told', async (exitCode, message) => {
    await expect(send(0, { exitCode, stderr: 'why' })).rejects.toMatchObject({
      message,
      details: { host: 'agent-a', exitCode, output: 'why' },
    });
  });
});

describe('staging the image', () => {
  test('sends the layers that are missing, then has the image loaded and proven', async () => {
    const { sha256, packedSize } = await store.blobs.putBytes(Buffer.from('layer'), 'zst');
    const program = '/usr/local/lib/convocate/releases/v2/convocate-agent';
    const layers = [{ what: 'image layer 2 of 2', sha256, packedBytes: packedSize, offset: 3 }];
    const { said } = await runStep(
      stageImage,
      [
        { argv: [program, 'receive-layer', sha256, '--offset', '3', '--size', String(packedSize)] },
        { argv: [program, 'stage-image'] },
      ],
      { store, ...planWith({ layers, sharedLayers: 1 }) },
    );
    expect(said).toEqual([
      'note 1 layers are there already and stay home',
      `transfer image layer 2 of 2 3/${packedSize}`,
      `transfer image layer 2 of 2 ${packedSize}/${packedSize}`,
      'note the image is loaded, and a container from it runs',
    ]);
  });
});
