import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { mendStamp } from './mend-stamp.ts';

vi.mock(import('../../base/atomic-file.ts'), async (original) => {
  const real = await original();
  return { ...real, writeFileAtomic: vi.fn(real.writeFileAtomic) };
});

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, readFile: vi.fn<typeof real.readFile>(real.readFile) };
});

let root: string;
let said: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'convocate-stamp-'));
  said = [];
});
afterEach(() => rm(root, { recursive: true }));

const mend = (...names: string[]): Promise<void> =>
  mendStamp('convocate:v1', (text) => void said.push(text), join(root, ...names));

test('the stamp of another release is put right, and that is told once', async () => {
  await writeFile(join(root, 'current-image'), 'convocate:v2\n');
  await mend('current-image');
  await mend('current-image');
  expect(await readFile(join(root, 'current-image'), 'utf8')).toBe('convocate:v1\n');
  expect(said).toEqual(['the stamp said "convocate:v2"; it is convocate:v1 now, as the live release says']);
});

test('on a full disk it is put right in the room that it has', async () => {
  vi.mocked(writeFileAtomic).mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  await writeFile(join(root, 'current-image'), 'convocate:v2.0.0-a-longer-one\n');
  await mend('current-image');
  expect(await readFile(join(root, 'current-image'), 'utf8')).toBe('convocate:v1\n');
  expect(said).toHaveLength(1);
});

test('a full disk on which there was none is told as that', async () => {
  vi.mocked(writeFileAtomic).mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  await mend('current-image');
  vi.useRealTimers();
  expect(said).toEqual([expect.stringMatching(/cannot be written yet: full$/)]);
});

describe('a stamp that cannot be written', () => {
  const cannot =
    /^the stamp said "", not convocate:v1 as the live release does, and cannot be written yet: ENOENT/;
  const stamp = (): Promise<string> => readFile(join(root, 'etc/current-image'), 'utf8');
  const tries = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(10_000);
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('is told of once, no reason not to start, and written when it can be', async () => {
    await mend('etc/current-image');
    await tries();
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    await mkdir(join(root, 'etc'));
    await tries();
    await vi.waitUntil(() => said.length > 1);
    expect(said).toEqual([
      expect.stringMatching(cannot),
      'the stamp said ""; it is convocate:v1 now, as the live release says',
    ]);
    expect([await stamp(), vi.getTimerCount()]).toEqual(['convocate:v1\n', 0]);
  });

  test('is left to whoever writes it meanwhile: that is the next release', async () => {
    const read = vi.mocked(readFile);
    await mend('etc/current-image');
    await mkdir(join(root, 'etc'));
    await writeFile(join(root, 'etc/current-image'), 'convocate:v3\n');
    read.mockClear();
    await tries();
    await vi.waitUntil(() => read.mock.settledResults[0]?.type === 'fulfilled');
    expect([await stamp(), vi.getTimerCount()]).toEqual(['convocate:v3\n', 0]);
    expect(said).toHaveLength(1);
  });
});
