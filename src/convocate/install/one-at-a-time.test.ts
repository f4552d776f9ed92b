import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockInstall } from './one-at-a-time.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-install-lock-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('a second install is refused while the first one runs, and may begin after it', async () => {
  const path = join(directory, 'lock');
  {
    await using _first = await lockInstall(path);
    await expect(lockInstall(path)).rejects.toMatchObject({
      message: 'another install is under way on this machine',
      exit: 3,
    });
  }
  await using _second = await lockInstall(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
