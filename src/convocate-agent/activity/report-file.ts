import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import * as z from 'zod/mini';

/** What a session's program says of itself, by way of the image's `report-activity`. */
export interface Report {
  readonly state: 'working' | 'waiting' | 'idle' | 'exited';
  /** At most {@link DETAIL_CHARACTERS}, without control characters; may be empty. */
  readonly detail: string;
  /** Milliseconds since 1970, never in the future. */
  readonly atMs: number;
}

/** In the session's home: `.convocate/activity.json`. */
export const REPORT_DIRECTORY = '.convocate';
const REPORT_FILE = 'activity.json';
const MOST_BYTES = 4_096;
const DETAIL_CHARACTERS = 80;

const StoredReport = z.object({
  state: z.enum(['working', 'waiting', 'idle', 'exited']),
  detail: z._default(z.string(), ''),
  at: z.number(),
});

/**
 * Reads the report in a home, which is the session's to write: it may hold anything, links, pipes and devices included.
 * Only a small regular file in a directory of its own counts; undefined for all else. Never rejects, never blocks.
 */
export async function readReport(home: string, nowMs: number): Promise<Report | undefined> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(join(home, REPORT_DIRECTORY), constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const text = await readSmallFile(`/proc/self/fd/${directory.fd}/${REPORT_FILE}`);
    return text === undefined ? undefined : parseReport(text, nowMs);
  } catch {
    return undefined;
  } finally {
    await directory?.close();
  }
}

/**
 * Before a session is started: makes the directory for its reports, so that there is something to watch, and takes away
 * what its last run reported. Never through a link the session may have put there; what is no directory is left alone.
 */
export async function prepareReports(
  home: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const path = join(home, REPORT_DIRECTORY);
  const isNew = await mkdir(path, { mode: 0o700 }).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    },
  );
  const directory = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => undefined);
  try {
    if (isNew) await directory?.chown(owner.uid, owner.gid);
    if (directory) await unlink(`/proc/self/fd/${directory.fd}/${REPORT_FILE}`).catch(() => {}); // none, or no file
  } finally {
    await directory?.close();
  }
}

async function readSmallFile(path: string): Promise<string | undefined> {
  if (!(await lstat(path)).isFile()) return undefined; // a device may act on being opened
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES + 1), 0, MOST_BYTES + 1, 0);
    return bytesRead > MOST_BYTES ? undefined : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Exported for tests. Throws on what is no report. */
export function parseReport(text: string, nowMs: number): Report {
  const { state, detail, at } = StoredReport.parse(JSON.parse(text));
  return { state, detail: plain(detail), atMs: Math.min(Math.trunc(at), nowMs) };
}

function plain(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return Array.from(shown).slice(0, DETAIL_CHARACTERS).join('').trim();
}
