import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dropBallast, takeBallast } from './ballast.ts';

let directory: string;
let places: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-ballast-'));
  places = ['etc', 'usr', 'var'].map((name) => join(directory, name));
  for (const place of places) await mkdir(place);
});

afterEach(() => rm(directory, { recursive: true }));

test('is kept in every place that going back writes to, since each may be a disk of its own', async () => {
  await takeBallast(places);
  for (const place of places) {
    const { blocks } = await stat(join(place, 'ballast'));
    expect(blocks * 512).toBeGreaterThanOrEqual(256 * 1024);
  }
});

test('is taken in all places or in none', async () => {
  const missing = join(directory, 'missing');
  await expect(takeBallast([...places, missing])).rejects.toMatchObject({
    name: 'OperationError',
    message: `the room that going back needs could not be taken: ${missing}/ballast`,
    details: {
      output: expect.stringContaining('ENOENT') as string,
      hint: expect.stringContaining(`df -h ${missing}`) as string,
    },
  });
  for (const place of places) expect(await readdir(place)).toEqual([]);
});

test('is gone when it was dropped, also twice', async () => {
  await takeBallast(places);
  await dropBallast(places);
  await dropBallast(places);
  for (const place of places) expect(await readdir(place)).toEqual([]);
});
