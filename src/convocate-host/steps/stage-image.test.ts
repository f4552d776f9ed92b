import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExpectedStart, fakeHost } from '../../host-access/fake-host.ts';
import type { StoredBlob } from '../../release/blob-store.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { manifest } from '../plan-fixture.ts';
import type { PlannedLayer } from '../plan-types.ts';
import { planWith, rolloutOn } from '../rollout-fixture.ts';
import { type Rollout, need } from '../rollout.ts';
import { stageImage } from './stage-image.ts';

const PROGRAM = '/usr/local/lib/convocate/releases/v2/convocate-agent';
let directory: string;
let said: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-steps-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('staging the image', () => {
  const contents = ['lower', 'upper'].map((name) => Buffer.concat([Buffer.from(name), randomBytes(100_000)]));
  const acks = { answers: (bytes: number) => `ack ${bytes}` };
  interface Packed {
    readonly sha256: string;
    readonly packedBytes: number;
  }

  async function packedLayers(): Promise<[Packed, Packed]> {
    const { blobs } = new ReleaseStore(directory);
    const [lower, upper] = await Promise.all(contents.map((content) => blobs.putBytes(content, 'zst')));
    if (!lower || !upper) throw new Error('two were put');
    const packed = ({ sha256, packedSize }: StoredBlob): Packed => ({ sha256, packedBytes: packedSize });
    return [packed(lower), packed(upper)];
  }
  const argvOf = (...words: readonly (readonly [Packed, number])[]): string[] => [
    ...[PROGRAM, 'stage-image'],
    ...words.flatMap(([{ sha256, packedBytes }, offset]) => [
      '--layer',
      `${sha256}:${offset}:${packedBytes}`,
    ]),
  ];

  async function stage(
    [lower, upper]: readonly [Packed, Packed],
    sent: readonly (PlannedLayer | readonly [Packed, number])[],
    starts: readonly ExpectedStart[],
  ): Promise<Rollout> {
    const layers = sent.map((one) => {
      if ('what' in one) return one;
      const [packed, offset] = one;
      return { what: `image layer ${packed === lower ? 1 : 2} of 2`, ...packed, offset };
    });
    const host = fakeHost('agent-a', starts);
    const rollout = rolloutOn(host, {
      store: new ReleaseStore(directory),
      ...planWith({ layers, sharedLayers: 2 - sent.length, loadImage: true }),
    });
    said = rollout.said;
    const own = [lower, upper].map(({ sha256 }) => ({ diff_id: sha256, size: 100_005 }));
    const image = { ...manifest.image, layers: own };
    await stageImage.run({
      ...rollout,
      release: { ...need(rollout, 'release'), manifest: { ...manifest, image } },
    });
    await host.close();
    host.assertDone();
    return rollout;
  }
  const failing = (outcome: object): Partial<ExpectedStart> => ({
    finishesWith: { exitCode: 9, stdout: `ack 1\n${JSON.stringify(outcome)}` },
  });
  const warnings = (): string[] => said.filter((line) => line.startsWith('warn'));

  test('is one command that takes in what is missing of the missing layers', async () => {
    const [lower, upper] = await packedLayers();
    const start = argvOf([lower, 3], [upper, 0]);
    await stage(
      [lower, upper],
      [
        [lower, 3],
        [upper, 0],
      ],
      [{ start, ...acks }],
    );
    expect(
      said.filter((line) => line.endsWith(`1 of 2 ${lower.packedBytes}/${lower.packedBytes}`)),
    ).toHaveLength(1);
    expect(said.at(-2)).toBe(`transfer image layer 2 of 2 ${upper.packedBytes}/${upper.packedBytes}`);
    expect(said.at(-1)).toBe('note the image is loaded, and a container from it runs');
  });

  test('says what stays home', async () => {
    const [lower, upper] = await packedLayers();
    await stage([lower, upper], [[upper, 0]], [{ start: argvOf([upper, 0]), ...acks }]);
    expect(said[0]).toBe('note 1 layers are there already and stay home');
  });

  test('sends a damaged layer once more, alone', async () => {
    const [lower, upper] = await packedLayers();
    const damaged = { outcome: 'damaged', layer: upper.sha256, why: 'its SHA-256 is 0' };
    const again = argvOf([lower, lower.packedBytes], [upper, 0]);
    await stage(
      [lower, upper],
      [
        [lower, 0],
        [upper, 9],
      ],
      [
        { start: argvOf([lower, 0], [upper, 9]), ...acks, ...failing(damaged) },
        { start: again, ...acks },
      ],
    );
    expect(warnings()).toEqual([
      'warn image layer 2 of 2 arrived damaged, or lay damaged on the host (its SHA-256 is 0); it alone is sent again',
    ]);
  });

  test('gives up where it is damaged a second time', async () => {
    const [lower, upper] = await packedLayers();
    const damaged = { outcome: 'damaged', layer: upper.sha256, why: 'x' };
    const start = argvOf([upper, 0]);
    const starts = [1, 2].map(() => ({ start, ...acks, ...failing(damaged) }));
    await expect(stage([lower, upper], [[upper, 0]], starts)).rejects.toMatchObject({
      message: 'the image could not be staged on the host',
      details: { exitCode: 9 },
    });
  });

  test('tells a layer that is damaged on this machine, with what helps: no host would ever get it', async () => {
    const [lower, upper] = await packedLayers();
    const { blobs } = new ReleaseStore(directory);
    const cut = { ...upper, packedBytes: 50_000 };
    await truncate(blobs.pathOf(upper.sha256, 'zst'), cut.packedBytes);
    const damaged = { outcome: 'damaged', layer: upper.sha256, why: 'x' };
    const starts = [1, 2].map(() => ({ start: argvOf([cut, 0]), ...acks, ...failing(damaged) }));
    await expect(stage([lower, cut], [[cut, 0]], starts)).rejects.toMatchObject({
      message: `blob ${upper.sha256.slice(0, 12)} is damaged in ${join(directory, 'blobs')}`,
      details: { hint: expect.stringContaining('needs a new version') as string },
    });
  });

  test('sends all layers, once, where Docker lacks one that it seemed to have', async () => {
    const [lower, upper] = await packedLayers();
    const incomplete = { outcome: 'incomplete', why: 'docker load failed: no such layer' };
    await stage(
      [lower, upper],
      [[upper, 0]],
      [
        { start: argvOf([upper, 0]), ...acks, ...failing(incomplete) },
        { start: argvOf([lower, 0], [upper, upper.packedBytes]), ...acks },
      ],
    );
    expect(warnings()).toEqual([
      'warn Docker made no image of these layers and its own (docker load failed: no such layer); all layers are sent',
    ]);
  });

  describe('with a patch', () => {
    const base = { diffId: 'b'.repeat(64), sizeBytes: 100_000 };
    const why = 'sent as a patch against the layer of v1 (9 B instead of 100 kB)';

    /** The upper layer as a patch of nine bytes; each start is of that, or of the whole layer from 7 on. */
    async function stagePatch(starts: readonly (Partial<ExpectedStart> & { whole?: true })[]): Promise<void> {
      const [lower, upper] = await packedLayers();
      const { blobs } = new ReleaseStore(directory);
      await writeFile(blobs.patchPath(upper.sha256, base.diffId), 'the patch');
      const layer = {
        ...{ what: 'image layer 2 of 2', sha256: upper.sha256, packedBytes: 9, offset: 0, patch: base, why },
        whole: { packedBytes: upper.packedBytes, offset: 7 },
      };
      const patched = [PROGRAM, 'stage-image', '--layer', `${upper.sha256}:0:9:${base.diffId}:100000`];
      const script = starts.map(({ whole, ...start }) => {
        return { start: whole ? argvOf([upper, 7]) : patched, ...acks, ...start };
      });
      await stage([lower, upper], [layer], script);
    }
    const outcome = (name: string, layer: string): Partial<ExpectedStart> =>
      failing({ outcome: name, layer, why: 'the base is damaged' });

    test('sends the patch and says why', async () => {
      await stagePatch([{}]);
      expect(said[1]).toBe(`note image layer 2 of 2: ${why}`);
      expect(said).toContain('transfer image layer 2 of 2 9/9');
    });

    test('that cannot be applied sends the whole layer, and says why', async () => {
      const [, upper] = await packedLayers();
      await stagePatch([outcome('unpatchable', upper.sha256), { whole: true }]);
      expect(warnings()).toEqual([
        'warn image layer 2 of 2 is sent whole, not as a patch: the base is damaged',
      ]);
    });

    test('over which the program there was killed sends the whole layer', async () => {
      await stagePatch([{ finishesWith: { exitCode: 137 } }, { whole: true }]);
      expect(warnings()).toEqual([
        'warn image layer 2 of 2 is sent whole, not as a patch: the program there was killed (exit 137), as happens where memory runs out',
      ]);
    });

    test('that is damaged is sent again, and whole where it is damaged twice', async () => {
      const [, upper] = await packedLayers();
      const damaged = outcome('damaged', upper.sha256);
      await stagePatch([damaged, damaged, { whole: true }]);
      expect(warnings()).toHaveLength(2);
      expect(warnings()[1]).toContain('is sent whole, not as a patch: damaged twice');
    });
  });

  test('that fails otherwise is told with the words of the host', async () => {
    const [lower, upper] = await packedLayers();
    const start: ExpectedStart = {
      start: argvOf([upper, 0]),
      finishesWith: { exitCode: 1, stderr: 'disk full' },
    };
    await expect(stage([lower, upper], [[upper, 0]], [start])).rejects.toMatchObject({
      message: 'the image could not be staged on the host',
      details: { host: 'agent-a', exitCode: 1, output: 'disk full' },
    });
  });
});
