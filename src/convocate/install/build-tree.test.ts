import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationError } from '../../base/errors.ts';
import { isProgram, openBuildTree, readFolder } from './build-tree.ts';
import { digestOfFiles } from './docker-build.ts';
import { toolchainTag } from './release.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'convocate-tree-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a built tree says what it is; anything else is told, with what to do', async () => {
  await expect(openBuildTree(root)).rejects.toMatchObject({
    message: `${root} is not what \`make build\` makes`,
    exit: 1,
  });
  await expect(openBuildTree(root)).rejects.toBeInstanceOf(OperationError);
  await writeFile(join(root, 'VERSION'), 'v1\n');
  await writeFile(join(root, 'REVISION'), '53e82ab\n');
  expect(await openBuildTree(root)).toEqual({ directory: root, version: 'v1', gitRevision: '53e82ab' });
});

test('a folder is read in a steady order; what is a program is told by its content, not by modes', async () => {
  await mkdir(join(root, 'b'));
  await writeFile(join(root, 'b/script'), '#!/bin/sh\n');
  await writeFile(join(root, 'a'), '# !/bin/sh');
  await writeFile(join(root, 'B'), '\u007fELF and more');
  await chmod(join(root, 'a'), 0o755);
  await symlink('a', join(root, 'link'));
  expect((await readFolder(root)).map(({ path, executable }) => [path, executable])).toEqual([
    ['B', true],
    ['a', false],
    ['b/script', true],
  ]);
});

test.each([
  ['#!', true],
  ['\u007fELF', true],
  ['\u007fEL', false],
  ['#', false],
  ['', false],
])('%j is a program: %s', (text, expected) => {
  expect(isProgram(Buffer.from(text))).toBe(expected);
});

const file = (path: string, content: string, executable = false) => ({
  path,
  content: Buffer.from(content),
  executable,
});

describe('the digest of files', () => {
  const base = [file('a', 'one'), file('b', 'two')];

  test('is the same for the same files', () => {
    expect(digestOfFiles(base)).toBe(digestOfFiles([file('a', 'one'), file('b', 'two')]));
  });

  test.each([
    ['another content', [file('a', 'one'), file('b', 'tw0')]],
    ['another name', [file('a', 'one'), file('c', 'two')]],
    ['another mode', [file('a', 'one', true), file('b', 'two')]],
    ['one file fewer', [file('a', 'one')]],
    ['content moved from one file to the next', [file('a', 'onetwo'), file('b', '')]],
    ['a name that looks like an end', [file('a', 'oneb\0-\x003\0two')]],
  ])('changes with %s', (_what, files) => {
    expect(digestOfFiles(files)).not.toBe(digestOfFiles(base));
  });

  test('and base and kind name a toolchain', () => {
    const tags = [
      toolchainTag(base, 'id1', 'full'),
      toolchainTag(base, 'id2', 'full'),
      toolchainTag(base, 'id1', 'minimal'),
      toolchainTag([], 'id1', 'full'),
    ];
    expect(new Set(tags).size).toBe(4);
    for (const tag of tags) expect(tag).toMatch(/^convocate-toolchain:[0-9a-f]{16}$/);
  });
});
