import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { syncToDisk } from '../../base/atomic-file.ts';
import {
  directoryItem,
  linkItem,
  onceFileItem,
  rewriteFile,
  switchLink,
  textFileItem,
} from './file-items.ts';
import type { ManagedItem } from './item.ts';

vi.mock('../../base/atomic-file.ts', async (original) => {
  const real = await original<typeof import('../../base/atomic-file.ts')>();
  return { ...real, syncToDisk: vi.fn<typeof real.syncToDisk>(real.syncToDisk) };
});

let root: string;
const at = (...names: string[]): string => join(root, ...names);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'convocate-items-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** The drift, then what is left of it after `apply`. */
async function mend(item: ManagedItem): Promise<[string | undefined, string | undefined]> {
  const before = await item.check();
  await item.apply();
  return [before, await item.check()];
}
const rights = async (path: string): Promise<string> => {
  const { mode, uid, gid } = await stat(path);
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
};

describe('a directory', () => {
  test('is made with its rights, whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      expect(await mend(directoryItem(at('a/b'), { mode: 0o755, uid: 1337, gid: 1338 }))).toEqual([
        'does not exist',
        undefined,
      ]);
    } finally {
      process.umask(before);
    }
    expect(await rights(at('a/b'))).toBe('755 1337:1338');
  });

  test('gets its rights back, and what lies in it is not touched', async () => {
    await mkdir(at('a'));
    await writeFile(at('a/file'), 'x', { mode: 0o640 });
    await chmod(at('a'), 0o777);
    const item = directoryItem(at('a'), { mode: 0o700 });
    expect(await mend(item)).toEqual(['has mode 0777, not 0700', undefined]);
    await chown(at('a'), 7, 8);
    expect(await mend(item)).toEqual(['belongs to 7:8, not 0:0', undefined]);
    expect(await rights(at('a/file'))).toBe('640 0:0');
  });

  test('is never made in place of a file', async () => {
    await writeFile(at('a'), 'precious');
    const item = directoryItem(at('a'), { mode: 0o700 });
    expect(await item.check()).toBe('is not a directory');
    await expect(item.apply()).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(at('a'), 'utf8')).toBe('precious');
  });
});

describe('a text file', () => {
  test('is made with its folder', async () => {
    expect(await mend(textFileItem(at('x/y'), 'text\n', 0o755))).toEqual(['does not exist', undefined]);
    expect([await readFile(at('x/y'), 'utf8'), await rights(at('x/y'))]).toEqual(['text\n', '755 0:0']);
  });

  test('gets its text and its mode back', async () => {
    const item = textFileItem(at('y'), 'text\n', 0o644);
    await writeFile(at('y'), 'text');
    expect(await mend(item)).toEqual(['has other content', undefined]);
    await chmod(at('y'), 0o4666);
    expect(await mend(item)).toEqual(['has mode 4666, not 0644', undefined]);
    expect(await readFile(at('y'), 'utf8')).toBe('text\n');
  });

  test('that is right is not written again', async () => {
    const item = textFileItem(at('y'), 'text\n', 0o644);
    await item.apply();
    const before = await stat(at('y'));
    expect(await item.check()).toBe(undefined);
    expect((await stat(at('y'))).ino).toBe(before.ino);
    expect(await readdir(root)).toEqual(['y']);
  });
});

describe('a file that is made once', () => {
  let made: number;
  const key = (fault?: (content: string) => string | undefined): ManagedItem =>
    onceFileItem(at('key'), 0o600, () => `secret ${(made += 1)}\n`, fault);
  beforeEach(() => {
    made = 0;
  });

  test('is made where it is missing, and never again', async () => {
    expect(await mend(key())).toEqual(['does not exist', undefined]);
    await key().apply();
    expect([await readFile(at('key'), 'utf8'), await rights(at('key')), made]).toEqual([
      'secret 1\n',
      '600 0:0',
      1,
    ]);
  });

  test('keeps its content while its rights are tightened', async () => {
    await writeFile(at('key'), 'from long ago', { mode: 0o644 });
    expect(await mend(key())).toEqual(['has mode 0644, not 0600', undefined]);
    expect([await readFile(at('key'), 'utf8'), made]).toEqual(['from long ago', 0]);
  });

  test('that cannot be used is told, and still not overwritten', async () => {
    const faulty = key((content) => (content.startsWith('secret') ? undefined : 'is no key'));
    for (const content of ['damaged', '']) {
      await writeFile(at('key'), content);
      expect(await faulty.check()).toBe('is no key');
      await expect(faulty.apply()).rejects.toThrow(
        `${at('key')} is no key; it is never overwritten, so mend or restore it by hand`,
      );
      expect([await readFile(at('key'), 'utf8'), made]).toEqual([content, 0]);
    }
  });

  test('that is a link to nowhere is not written through, nor replaced', async () => {
    await symlink(at('nowhere'), at('key'));
    await expect(key().apply()).rejects.toThrow();
    expect([await readlink(at('key')), made]).toEqual([at('nowhere'), 0]);
    expect(await readdir(root)).toEqual(['key']);
  });
});

describe('a link', () => {
  test('is made with its folder, and switched', async () => {
    expect(await mend(linkItem(at('bin/program'), at('one')))).toEqual(['is not a link', undefined]);
    expect(await mend(linkItem(at('bin/program'), at('two')))).toEqual([`points to ${at('one')}`, undefined]);
    expect(await readlink(at('bin/program'))).toBe(at('two'));
    expect(await readdir(at('bin'))).toEqual(['program']);
  });

  test('takes the place of a plain file', async () => {
    await writeFile(at('program'), 'an old binary');
    expect(await mend(linkItem(at('program'), at('one')))).toEqual(['is not a link', undefined]);
  });

  test('is switched in spite of what a cut left', async () => {
    await symlink('/left/over', at('current.new'));
    await switchLink(at('current'), at('one'));
    expect([await readlink(at('current')), await readdir(root)]).toEqual([at('one'), ['current']]);
  });

  test('is on the disk once it was switched: a power cut brings no earlier target back', async () => {
    const synced: string[] = [];
    vi.mocked(syncToDisk).mockImplementation(async (directory) => {
      synced.push(directory, await readlink(at('current')));
    });
    await switchLink(at('current'), at('one'));
    vi.mocked(syncToDisk).mockReset();
    expect(synced).toEqual([root, at('one')]);
  });

  test('is never away while it is switched: a reader sees the old target or the new one', async () => {
    const [one, two] = [at('one'), at('two')];
    await switchLink(at('current'), one);
    const state = { switching: true };
    const seen = new Set<string>();
    const reading = (async (): Promise<void> => {
      while (state.switching) seen.add(await readlink(at('current')));
    })();
    for (let round = 0; round < 200; round += 1) await switchLink(at('current'), round % 2 ? one : two);
    state.switching = false;
    await reading;
    expect([...seen].sort()).toEqual([one, two]);
    expect((await lstat(at('current'))).isSymbolicLink()).toBe(true);
  });
});

describe('a file that belongs to the host', () => {
  test('keeps its owner and its mode when its text is another', async () => {
    await writeFile(at('daemon.json'), 'one', { mode: 0o600 });
    await chown(at('daemon.json'), 12, 34);
    await chmod(at('daemon.json'), 0o640);
    await rewriteFile(at('daemon.json'), 'two');
    expect([await readFile(at('daemon.json'), 'utf8'), await rights(at('daemon.json'))]).toEqual([
      'two',
      '640 12:34',
    ]);
  });

  test('is for everybody to read where it is new', async () => {
    await rewriteFile(at('daemon.json'), 'two');
    expect(await rights(at('daemon.json'))).toMatch(/^644 /);
  });
});
