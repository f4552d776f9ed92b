import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../base/parse-json.ts';
import { inDirectory, plainWords, readSmallFile } from './home-files.ts';

/** What Claude Code notes of itself, for other programs of its own, whenever it changes. */
export interface ProgramStatus {
  readonly state: 'busy' | 'waiting' | 'idle';
  /** What it waits for, as `plainWords` leaves it; empty in other states. */
  readonly detail: string;
  /** Since when; milliseconds since 1970, never in the future. */
  readonly atMs: number;
}

/**
 * In the session's home: one file for each process, `PID.json`; read of 2.1.330, which promises it to nobody. Where a
 * release of it stops to write them, or writes others, nothing is known from here, and the reports of its hooks remain.
 */
export const STATUS_DIRECTORY = ['.claude', 'sessions'] as const;
const STATUS_FILE = /^\d{1,10}\.json$/;
const MOST_NAMES = 100;
/** A process that is killed leaves its file behind. */
const MOST_FILES = 16;
const MOST_BYTES = 8_192;
/** The pane that the session's command runs in; a person may have started others beside it. */
const OWN_PANE = /\.%0$/;
/** What it "waits" for while somebody looks at one of its menus; they know. */
const MENU = 'dialog open';

/** A menu says nothing of what its program does; only that what others left is older. */
type Told = ProgramStatus | { readonly state: 'menu'; readonly atMs: number };

const StoredStatus = z.object({
  status: z.enum(['busy', 'waiting', 'idle']),
  statusUpdatedAt: z.number(),
  waitingFor: z._default(z.string(), ''),
  tmux: z.string().check(z.regex(OWN_PANE)),
});

/**
 * The newest status of the session's own program; undefined where none is to be had, as while it shows a menu. Never
 * rejects, never blocks.
 */
export async function readProgramStatus(home: string, nowMs: number): Promise<ProgramStatus | undefined> {
  try {
    return await inDirectory(home, STATUS_DIRECTORY, async (directory) => {
      let newest: Told | undefined;
      for (const name of await newestOf(directory, await statusFiles(directory))) {
        const text = await readSmallFile(join(directory, name), MOST_BYTES).catch(() => undefined);
        const told = text === undefined ? undefined : parseStatus(text, nowMs);
        if (told && told.atMs >= (newest?.atMs ?? 0)) newest = told;
      }
      return newest?.state === 'menu' ? undefined : newest;
    });
  } catch {
    return undefined;
  }
}

async function statusFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  let names = 0;
  for await (const { name } of await opendir(directory)) {
    names += 1;
    if (names > MOST_NAMES) break;
    if (STATUS_FILE.test(name)) found.push(name);
  }
  return found;
}

/**
 * Where there are too many: those that were written last. Their names would be cheaper, but the numbers of processes begin
 * anew at their end, and a session may run for months.
 */
async function newestOf(directory: string, names: readonly string[]): Promise<readonly string[]> {
  if (names.length <= MOST_FILES) return names;
  const dated: { name: string; mtimeMs: number }[] = [];
  for (const name of names) {
    const stats = await lstat(join(directory, name)).catch(() => undefined); // gone since
    if (stats) dated.push({ name, mtimeMs: stats.mtimeMs });
  }
  dated.sort((a, b) => b.mtimeMs - a.mtimeMs);
  return dated.slice(0, MOST_FILES).map(({ name }) => name);
}

/** Exported for tests; undefined of what is no status. */
export function parseStatus(text: string, nowMs: number): Told | undefined {
  const { success, data } = StoredStatus.safeParse(parseJson(text));
  if (!success) return undefined;
  const atMs = Math.min(Math.trunc(data.statusUpdatedAt), nowMs);
  if (data.status === 'waiting' && data.waitingFor === MENU) return { state: 'menu', atMs };
  const detail = data.status === 'waiting' ? plainWords(data.waitingFor) : '';
  return { state: data.status, detail, atMs };
}
