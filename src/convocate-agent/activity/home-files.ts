// A home is its session's to fill: it may hold anything, links, pipes and devices included, and change while it is read.
import { closeSync, constants, openSync } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Calls `work` with a path to the directory of these names below `home`; the path holds while it runs, whatever the
 * session puts in the directory's place. Throws where one of the names is missing, a link, or no directory.
 */
export async function inDirectory<T>(
  home: string,
  names: readonly string[],
  work: (path: string) => Promise<T>,
): Promise<T> {
  const fd = openDirectory(home, names);
  try {
    return await work(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/** Its descriptor, which the caller closes; throws as {@link inDirectory} does. */
export function openDirectory(home: string, names: readonly string[]): number {
  const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW;
  let fd = openSync(home, flags);
  for (const name of names) {
    const above = fd;
    try {
      fd = openSync(join(`/proc/self/fd/${above}`, name), flags);
    } finally {
      closeSync(above);
    }
  }
  return fd;
}

/** The text of a regular file; undefined of a longer one, and of what is no file. Never blocks. */
export async function readSmallFile(path: string, mostBytes: number): Promise<string | undefined> {
  if (!(await lstat(path)).isFile()) return undefined; // a device may act on being opened
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
    return bytesRead > mostBytes ? undefined : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

const DETAIL_CHARACTERS = 80;

/** What a program says, short, and without what a terminal would obey. */
export function plainWords(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return Array.from(shown).slice(0, DETAIL_CHARACTERS).join('').trim();
}
