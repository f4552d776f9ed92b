import { constants } from 'node:fs';
import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { codeOf } from '../../base/errors.ts';
import { inDirectory, plainWords, readSmallFile } from './home-files.ts';

/** What a session's program says of itself, by way of the image's `report-activity`. */
export interface Report {
  readonly state: 'working' | 'waiting' | 'idle' | 'exited';
  /** As {@link plainWords} leaves it; may be empty. */
  readonly detail: string;
  /** Milliseconds since 1970, never in the future. */
  readonly atMs: number;
}

/** In the session's home: `.convocate/activity.json`. */
export const REPORT_DIRECTORY = '.convocate';
const REPORT_FILE = 'activity.json';
const MOST_BYTES = 4_096;

const StoredReport = z.object({
  state: z.enum(['working', 'waiting', 'idle', 'exited']),
  detail: z._default(z.string(), ''),
  at: z.number(),
});

/**
 * Reads the report in a home. Only a small regular file in a directory of its own counts; undefined for all else. Never
 * rejects, never blocks.
 */
export async function readReport(home: string, nowMs: number): Promise<Report | undefined> {
  try {
    const text = await inDirectory(home, [REPORT_DIRECTORY], async (directory) =>
      readSmallFile(join(directory, REPORT_FILE), MOST_BYTES),
    );
    return text === undefined ? undefined : parseReport(text, nowMs);
  } catch {
    return undefined;
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

/** Exported for tests. Throws on what is no report. */
export function parseReport(text: string, nowMs: number): Report {
  const { state, detail, at } = StoredReport.parse(JSON.parse(text));
  return { state, detail: plainWords(detail), atMs: Math.min(Math.trunc(at), nowMs) };
}
