import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
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
});
