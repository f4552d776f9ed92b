import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomic } from './atomic-file.ts';
import { runCommand } from './run-command.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-atomic-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('a file written as one step', () => {
  test('has the content, and mode 0644 unless told otherwise', async () => {
    const path = join(directory, 'note');
    await writeFileAtomic(path, 'hello\n');
    expect(await readFile(path, 'utf8')).toBe('hello\n');
    expect((await stat(path)).mode & 0o7777).toBe(0o644);
    expect(await readdir(directory)).toEqual(['note']);
  });

  test('has its mode whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      await writeFileAtomic(join(directory, 'program'), '#!/bin/sh\n', { mode: 0o755 });
    } finally {
      process.umask(before);
    }
    expect((await stat(join(directory, 'program'))).mode & 0o7777).toBe(0o755);
  });

  test('has bytes as they are, and the owner that was asked for', async () => {
    const path = join(directory, 'bytes');
    const bytes = Buffer.from([0, 255, 10, 128]);
    await writeFileAtomic(path, bytes, { mode: 0o640, uid: 1337, gid: 1338 });
    expect(await readFile(path)).toEqual(bytes);
    const found = await stat(path);
    expect([found.uid, found.gid, found.mode & 0o7777]).toEqual([1337, 1338, 0o640]);
  });

  test('is a new file: who holds the old one open, or linked, keeps the old content', async () => {
    const path = join(directory, 'note');
    await writeFile(path, 'old');
    await link(path, join(directory, 'held'));
    await writeFileAtomic(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readFile(join(directory, 'held'), 'utf8')).toBe('old');
  });

  test('takes the place of a link, and does not write through it', async () => {
    await writeFile(join(directory, 'target'), 'untouched');
    await symlink('target', join(directory, 'link'));
    await writeFileAtomic(join(directory, 'link'), 'new');
    expect(await readFile(join(directory, 'target'), 'utf8')).toBe('untouched');
    expect(await readFile(join(directory, 'link'), 'utf8')).toBe('new');
  });

  test('is never readable by others before its content is in: mode and owner come first', async () => {
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(join(import.meta.dirname, 'atomic-file.ts'))};
      await writeFileAtomic(${JSON.stringify(join(directory, 'key'))}, 'a-secret', { mode: 0o600, uid: 1337 });`;
    const trace = join(directory, 'trace');
    const argv = [
      'strace',
      '-f',
      '-o',
      trace,
      '-e',
      'trace=openat,fchmod,fchown,write,rename,fsync',
      process.execPath,
    ];
    const result = await runCommand([...argv, '--input-type=module', '-e', script]);
    expect(result, 'strace is needed: apt-get install strace').toMatchObject({ exitCode: 0 });
    const calls = (await readFile(trace, 'utf8')).split('\n');
    const at = (pattern: RegExp): number => calls.findIndex((line) => pattern.test(line));
    const [opened, mode, owner, content, synced, renamed] = [
      at(/openat\(.*\.key\..*O_CREAT\|O_EXCL.*0600/),
      at(/fchmod\(\d+, 0600/),
      at(/fchown\(\d+, 1337/),
      at(/write\(\d+, "a-secret"/),
      at(/fsync\(/),
      at(/rename\(.*\.key\./),
    ];
    const order = [opened, mode, owner, content, synced, renamed];
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a = 0, b = 0) => a - b));
    expect(calls.slice(renamed + 1).some((line) => line.includes('fsync('))).toBe(true); // of the directory
  });
});

describe('a write that fails', () => {
  test('leaves the old content, and nothing beside it', async () => {
    await mkdir(join(directory, 'taken'));
    await writeFile(join(directory, 'taken', 'inside'), 'old');
    await expect(writeFileAtomic(join(directory, 'taken'), 'new')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(directory)).toEqual(['taken']);
    expect(await readFile(join(directory, 'taken', 'inside'), 'utf8')).toBe('old');
  });

  test('says that the directory is missing', async () => {
    await expect(writeFileAtomic(join(directory, 'no', 'file'), 'x')).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test('on a full disk, keeps what was there', async () => {
    const path = join(directory, 'note');
    await writeFile(path, 'old');
    await chmod(directory, 0o755);
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(join(import.meta.dirname, 'atomic-file.ts'))};
      try { await writeFileAtomic(${JSON.stringify(path)}, 'x'.repeat(1 << 20)); }
      catch (error) { process.stdout.write(error.code); }`;
    // A limit on file size fails the write in the middle, as a full disk does.
    const line = 'trap "" XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1"';
    const result = await runCommand(['sh', '-c', line, process.execPath, script]);
    expect(result).toMatchObject({ stdout: 'EFBIG', exitCode: 0 });
    expect(await readdir(directory)).toEqual(['note']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});
