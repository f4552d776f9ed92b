import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readClusterName } from './cluster-name.ts';

let dir: string;
let problems: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-name-'));
  problems = [];
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function nameFrom(text: string): Promise<string> {
  const file = join(dir, 'cluster-name');
  await writeFile(file, text);
  return await readClusterName((problem) => problems.push(problem), file);
}

test.each(['lab', 'Zürich west 2', 'x'.repeat(64), '実験室'])('is %j', async (name) => {
  expect(await nameFrom(`${name}\n`)).toBe(name);
  expect(problems).toEqual([]);
});

test.each(['', ' \n', 'two\nlines', 'x'.repeat(65), 'bell\u0007', '\u001b[31mred', 'a\u2028b', '\u202eabc'])(
  'is not %j',
  async (text) => {
    expect(await nameFrom(text)).toBe(hostname());
    expect(problems).toEqual([
      `${join(dir, 'cluster-name')} must hold 1 to 64 printable characters; the cluster is called as this host is`,
    ]);
  },
);

test('without the file it is the name of the host, and nothing is wrong', async () => {
  expect(await readClusterName((problem) => problems.push(problem), join(dir, 'none'))).toBe(hostname());
  expect(problems).toEqual([]);
});
