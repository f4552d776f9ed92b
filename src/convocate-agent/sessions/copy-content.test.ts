import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, open, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runChecked } from '../../base/run-command.ts';
import { ContentCopy } from './copy-content.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, copyFile: vi.fn(real.copyFile), statfs: vi.fn(real.statfs) };
});
vi.mock('../../base/run-command.ts', async (original) => {
  const real = await original<typeof import('../../base/run-command.ts')>();
  return { ...real, runChecked: vi.fn(real.runChecked) };
});

const MEBIBYTE = 1024 ** 2;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-content-'));
});
afterEach(() => {
  vi.resetAllMocks();
  rmSync(root, { recursive: true, force: true });
});

/** Of a file system that does not share blocks. */
function refuseToShare(code: string): void {
  vi.mocked(copyFile).mockRejectedValue(Object.assign(new Error(code), { code }));
}

/** A disk of 100 MiB, of which so many MiB are free. */
function leave(...freeMib: number[]): void {
  for (const free of freeMib) {
    const told = { bsize: MEBIBYTE, blocks: 100, bavail: free } as Awaited<ReturnType<typeof statfs>>;
    vi.mocked(statfs).mockResolvedValueOnce(told);
  }
}

async function copyOf(copy: ContentCopy, name: string, content: Buffer): Promise<Buffer> {
  writeFileSync(join(root, name), content);
  const file = await open(join(root, name), 'r');
  try {
    await copy.copy(file, await file.stat(), Buffer.from(join(root, `${name}.copy`)));
  } finally {
    await file.close();
  }
  return readFileSync(join(root, `${name}.copy`));
}

test('where blocks are not shared it comes in pieces, and sharing is tried no more', async () => {
  refuseToShare('ENOTSUP');
  const copy = new ContentCopy(root, false);
  const content = Buffer.from(Array.from({ length: 3 * MEBIBYTE + 5 }, (_none, at) => at % 251));
  expect((await copyOf(copy, 'first', content)).equals(content)).toBe(true);
  expect((await copyOf(copy, 'second', Buffer.from('short'))).toString()).toBe('short');
  expect((await copyOf(copy, 'empty', Buffer.alloc(0))).length).toBe(0);
  expect(copyFile).toHaveBeenCalledTimes(1);
  expect(statfs).not.toHaveBeenCalled();
});

test('one file that cannot be shared says nothing of the next', async () => {
  refuseToShare('EAGAIN');
  const copy = new ContentCopy(root, false);
  for (const name of ['first', 'second'])
    expect((await copyOf(copy, name, Buffer.from(name))).toString()).toBe(name);
  expect(copyFile).toHaveBeenCalledTimes(2);
});

test('what else fails is told', async () => {
  refuseToShare('EIO');
  await expect(copyOf(new ContentCopy(root, false), 'file', Buffer.from('x'))).rejects.toThrow('EIO');
});

test('the room is looked at before it is taken, again after a while, and a part of the disk is left', async () => {
  refuseToShare('EXDEV');
  const copy = new ContentCopy(root, true);
  leave(30, 8);
  for (const name of ['a', 'b', 'c', 'd']) await copyOf(copy, name, Buffer.alloc(5 * MEBIBYTE, 1));
  expect(statfs).toHaveBeenCalledTimes(1);
  await copyOf(copy, 'e', Buffer.alloc(5 * MEBIBYTE - 4096, 1));
  await expect(copyOf(copy, 'f', Buffer.alloc(5 * MEBIBYTE, 1))).rejects.toMatchObject({
    code: 'refused',
    message: `the disk of ${root} has no room for the copy: 8 MB are free, and 5 MB of it are kept for others`,
  });
  expect(readdirSync(root)).not.toContain('f.copy');
});

describe('a file with holes', () => {
  const LENGTH = 3 * MEBIBYTE + 5;
  const inRoot = (name: string): string => join(root, name);

  /** Copies it, where `meanwhile` happens between the look at it and the copy; `ends` between that and the end. */
  async function copyHoles(copy: ContentCopy, meanwhile: () => void = () => {}): Promise<void> {
    writeFileSync(inRoot('holes'), 'begin');
    truncateSync(inRoot('holes'), LENGTH - 3);
    appendFileSync(inRoot('holes'), 'end');
    refuseToShare('ENOTSUP');
    const file = await open(inRoot('holes'), 'r');
    try {
      const stats = await file.stat();
      meanwhile();
      await copy.copy(file, stats, Buffer.from(inRoot('copy')));
    } finally {
      await file.close();
    }
  }

  test('keeps them, and is copied no further than it was long, though it grows', async () => {
    let writtenBytes = 0;
    const real = vi.mocked(runChecked).getMockImplementation();
    vi.mocked(runChecked).mockImplementation(async (argv, options) => {
      try {
        return (await real?.(argv, options)) ?? '';
      } finally {
        writtenBytes = statSync(inRoot('copy')).size;
      }
    });
    await copyHoles(new ContentCopy(root, false), () =>
      appendFileSync(inRoot('holes'), Buffer.alloc(MEBIBYTE, 1)),
    );
    const copied = readFileSync(inRoot('copy'));
    expect([copied.length, copied.toString('utf8', 0, 5), copied.toString('utf8', LENGTH - 3)]).toEqual([
      LENGTH,
      'begin',
      'end',
    ]);
    expect(copied.subarray(5, -3).every((byte) => byte === 0)).toBe(true);
    expect(statSync(inRoot('copy')).blocks * 512).toBeLessThan(MEBIBYTE);
    expect(writtenBytes).toBeLessThanOrEqual(LENGTH);
  });

  test('is given up where the room goes meanwhile', async () => {
    leave(30, 4);
    vi.mocked(runChecked).mockImplementationOnce(async (_argv, { signal } = {}) => {
      if (signal) await once(signal, 'abort');
      throw new Error('it was ended');
    });
    await expect(copyHoles(new ContentCopy(root, true))).rejects.toMatchObject({ code: 'refused' });
  });
});
