import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runChecked } from '../../base/run-command.ts';
import { copyTree } from './copy-tree.ts';

let root: string;
let socket: Server | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-copy-'));
  mkdirSync(join(root, 'source'));
});
afterEach(() => {
  socket?.close();
  socket = undefined;
  rmSync(root, { recursive: true, force: true });
});

const at = (path: string): string => join(root, path);

describe('copying a home', () => {
  test('keeps modes, times and links as links', async () => {
    mkdirSync(at('source/dir'), { mode: 0o750 });
    writeFileSync(at('source/dir/tool'), '#!/bin/sh\n');
    chmodSync(at('source/dir/tool'), 0o1755);
    utimesSync(at('source/dir/tool'), 1000, 2000);
    utimesSync(at('source/dir'), 1000, 3000);
    symlinkSync('/etc/shadow', at('source/link'));
    symlinkSync('nowhere', at('source/broken'));
    expect(await copyTree(at('source'), at('copy'))).toEqual({ skipped: 0, stripped: 0 });
    expect(lstatSync(at('copy/dir')).mode & 0o7777).toBe(0o750);
    expect(lstatSync(at('copy/dir/tool')).mode & 0o7777).toBe(0o1755);
    expect(lstatSync(at('copy/dir/tool')).mtimeMs).toBe(2_000_000);
    expect(lstatSync(at('copy/dir')).mtimeMs).toBe(3_000_000);
    expect(readlinkSync(at('copy/link'))).toBe('/etc/shadow');
    expect(readlinkSync(at('copy/broken'))).toBe('nowhere');
  });

  test('keeps hard links as links to one file, and holes as holes', async () => {
    writeFileSync(at('source/first'), 'content');
    mkdirSync(at('source/dir'));
    linkSync(at('source/first'), at('source/dir/second'));
    const sizeBytes = 64 * 1024 * 1024;
    writeFileSync(at('source/disk'), 'begin');
    truncateSync(at('source/disk'), sizeBytes);
    appendFileSync(at('source/disk'), 'end');
    await copyTree(at('source'), at('copy'));
    expect(lstatSync(at('copy/dir/second')).ino).toBe(lstatSync(at('copy/first')).ino);
    expect(lstatSync(at('copy/first')).nlink).toBe(2);
    expect(readFileSync(at('copy/first'), 'utf8')).toBe('content');
    const copied = readFileSync(at('copy/disk'));
    expect(copied.equals(readFileSync(at('source/disk')))).toBe(true);
    expect(lstatSync(at('copy/disk')).blocks * 512).toBeLessThan(sizeBytes / 10);
    expect(lstatSync(at('copy/disk')).mode).toBe(lstatSync(at('source/disk')).mode);
  });

  test('counts sockets and FIFOs and does not wait for them', async () => {
    await runChecked(['mkfifo', at('source/fifo')]);
    socket = createServer();
    await new Promise<void>((resolve) => socket?.listen(at('source/socket'), resolve));
    writeFileSync(at('source/file'), 'x');
    expect(await copyTree(at('source'), at('copy'))).toEqual({ skipped: 2, stripped: 0 });
    expect(readdirSync(at('copy'))).toEqual(['file']);
  });

  test('takes names that are not UTF-8', async () => {
    writeFileSync(Buffer.concat([Buffer.from(at('source/')), Buffer.from([0xff, 0xfe])]), 'odd');
    await copyTree(at('source'), at('copy'));
    const [name] = readdirSync(at('copy'), { encoding: 'buffer' });
    expect(name).toEqual(Buffer.from([0xff, 0xfe]));
  });

  test('a source that is a link is not followed', async () => {
    symlinkSync(at('source'), at('link'));
    await expect(copyTree(at('link'), at('copy'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(existsSync(at('copy'))).toBe(false);
  });

  test('a target that exists is left alone', async () => {
    mkdirSync(at('copy'));
    await expect(copyTree(at('source'), at('copy'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('an overlay takes what is there and replaces files', async () => {
    mkdirSync(at('copy/dir'), { recursive: true });
    mkdirSync(at('source/dir'));
    writeFileSync(at('copy/dir/a'), 'old');
    writeFileSync(at('copy/dir/b'), 'kept');
    writeFileSync(at('source/dir/a'), 'new');
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await copyTree(at('source'), at('copy'), { overlay: true, owner });
    expect(readFileSync(at('copy/dir/a'), 'utf8')).toBe('new');
    expect(readFileSync(at('copy/dir/b'), 'utf8')).toBe('kept');
  });

  test('an overlay replaces files by links, links by files and by links, and writes through none', async () => {
    mkdirSync(at('copy'));
    writeFileSync(at('victim'), 'untouched');
    writeFileSync(at('copy/was-file'), 'old');
    symlinkSync(at('victim'), at('copy/was-link'));
    symlinkSync('old', at('copy/other-link'));
    symlinkSync('/somewhere', at('source/was-file'));
    writeFileSync(at('source/was-link'), 'a file');
    symlinkSync('new', at('source/other-link'));
    await copyTree(at('source'), at('copy'), { overlay: true });
    expect(readlinkSync(at('copy/was-file'))).toBe('/somewhere');
    expect(readlinkSync(at('copy/other-link'))).toBe('new');
    expect(lstatSync(at('copy/was-link')).isFile()).toBe(true);
    expect(readFileSync(at('copy/was-link'), 'utf8')).toBe('a file');
    expect(readFileSync(at('victim'), 'utf8')).toBe('untouched');
  });

  const make = {
    directory: (path: string) => mkdirSync(path),
    file: (path: string) => writeFileSync(path, 'x'),
    link: (path: string) => symlinkSync(root, path),
  };
  test.each([
    ['file', 'directory', 'is no directory, but', 'is one;'],
    ['link', 'directory', 'is no directory, but', 'is one;'],
    ['directory', 'file', 'is a directory, but', 'is none;'],
    ['directory', 'link', 'is a directory, but', 'is none;'],
  ] as const)('an overlay with a %s in the place of a %s is refused, and names both', async (...words) => {
    const [ours, theirs, here, there] = words;
    for (const tree of ['source', 'copy']) mkdirSync(at(`${tree}/dir`), { recursive: true });
    make[ours](at('source/dir/a'));
    make[theirs](at('copy/dir/a'));
    const copy = copyTree(at('source'), at('copy'), { overlay: true });
    await expect(copy).rejects.toMatchObject({ code: 'refused' });
    await expect(copy).rejects.toThrow(
      `${at('source/dir/a')} ${here} what is already at ${at('copy/dir/a')} ${there}`,
    );
    expect(readdirSync(at('copy/dir'))).toEqual(['a']);
  });
});
