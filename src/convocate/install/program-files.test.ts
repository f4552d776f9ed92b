import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ReleaseStore } from '../../release/release-store.ts';
import { storeProgramFiles } from './program-files.ts';

test('installing a version again stores anew what the disk has damaged of its program', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-release-'));
  try {
    const store = new ReleaseStore(join(directory, 'state'));
    const files = ['VERSION', 'convocate-agent'].map((path) => ({
      path,
      sha256: createHash('sha256').update(path).digest('hex'),
      size: path.length,
      executable: false,
    }));
    await mkdir(join(directory, 'build'));
    for (const { path } of files) await writeFile(join(directory, 'build', path), path);
    const install = (): Promise<void> =>
      storeProgramFiles(store, { directory: join(directory, 'build') }, files);
    await install();
    await writeFile(store.blobs.pathOf(files[0]?.sha256 ?? '', 'gz'), 'damaged');
    await rm(store.blobs.pathOf(files[1]?.sha256 ?? '', 'gz'));
    await install();
    for (const { path, sha256 } of files)
      expect((await store.blobs.read(sha256, 'gz')).toString()).toBe(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('a tree that somebody builds into meanwhile is not stored under the digests of before', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-release-'));
  try {
    const store = new ReleaseStore(join(directory, 'state'));
    const sha256 = createHash('sha256').update('of one build').digest('hex');
    await writeFile(join(directory, 'VERSION'), 'of another build');
    const files = [{ path: 'VERSION', sha256, size: 12, executable: false }];
    await expect(storeProgramFiles(store, { directory }, files)).rejects.toMatchObject({
      message: `VERSION in ${directory} changed while it was installed`,
      exit: 1,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
