import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../base/parse-json.ts';
import { JsonLineHeads } from './json-line-heads.ts';

/** Where Claude Code keeps the conversations of its working directory, `/home/claude` in every session. */
const PLACE = ['.claude', 'projects', '-home-claude'] as const;

/** A home is its session's to fill as it likes: no more of it is looked at than this. */
const MOST_NAMES = 10_000;
/** Of one file; what a person says first may come with pictures. */
const FILE_BYTES = 16 * 1024 * 1024;
const ALL_BYTES = 64 * 1024 * 1024;
/** Of all files together: each takes a little of the agent's time. What a person says first is among the first dozens. */
const MOST_LINES = 50_000;
const CHUNK_BYTES = 64 * 1024;
/**
 * Of one line: it is parsed in one go, and nothing else is done meanwhile. Who speaks comes first in it, pictures and
 * long texts after that.
 */
const LINE_BYTES = 256 * 1024;

/** What may still be looked at. */
interface Budget {
  bytes: number;
  lines: number;
}

const isSpent = ({ bytes, lines }: Budget): boolean => bytes <= 0 || lines <= 0;

/** A line of a conversation that a person wrote, and no sub-agent was given. */
const UserLine = z.object({
  type: z.literal('user'),
  isSidechain: z.optional(z.literal(false)),
  message: z.object({ role: z.literal('user') }),
});

/**
 * Whether the home holds a conversation of Claude Code's that can be gone on with: a regular file of its place with
 * something in it that a person said. Links are not followed, and whatever is odd counts as none; never throws. To be
 * asked while nothing runs in the session.
 */
export async function holdsConversation(home: string): Promise<boolean> {
  try {
    const directory = await realDirectory(home);
    if (directory === undefined) return false;
    const budget: Budget = { bytes: ALL_BYTES, lines: MOST_LINES };
    let names = 0;
    for await (const { name } of await opendir(directory)) {
      names += 1;
      if (names > MOST_NAMES || isSpent(budget)) return false;
      if (name.endsWith('.jsonl') && (await holdsUserLine(join(directory, name), budget))) return true;
    }
    return false;
  } catch {
    return false;
  }
}

async function realDirectory(home: string): Promise<string | undefined> {
  let path = home;
  for (const name of PLACE) {
    path = join(path, name);
    if (!(await lstat(path)).isDirectory()) return undefined;
  }
  return path;
}

async function holdsUserLine(path: string, budget: Budget): Promise<boolean> {
  // Not blocking: what has the name of a conversation may be a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (!file) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    for await (const line of firstLines(file, budget)) {
      budget.lines -= 1;
      if (isSpent(budget)) return false;
      if (line.includes('"user"') && UserLine.safeParse(parseJson(line)).success) return true;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** Of the whole lines within the first {@link FILE_BYTES}, and within what is left of the budget, what can be parsed at once. */
async function* firstLines(file: FileHandle, budget: Budget): AsyncGenerator<string> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const lines = new JsonLineHeads(LINE_BYTES);
  for (let at = 0; at < FILE_BYTES && !isSpent(budget); ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    budget.bytes -= bytesRead;
    yield* lines.push(chunk.subarray(0, bytesRead));
  }
}
