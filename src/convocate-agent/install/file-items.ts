import { chmod, chown, lstat, mkdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncToDisk, writeFileAtomic } from '../../base/atomic-file.ts';
import { codeOf } from '../../base/errors.ts';
import type { ManagedItem } from './item.ts';

export interface Ownership {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A directory with these rights; what lies in it is not touched. */
export function directoryItem(path: string, owner: Ownership): ManagedItem {
  const uid = owner.uid ?? 0;
  const gid = owner.gid ?? 0;
  return {
    name: path,
    check: async () => {
      const found = await stat(path).catch(() => undefined);
      if (!found) return 'does not exist';
      if (!found.isDirectory()) return 'is not a directory';
      if ((found.mode & 0o7777) !== owner.mode)
        return `has mode ${octal(found.mode)}, not ${octal(owner.mode)}`;
      if (found.uid !== uid || found.gid !== gid)
        return `belongs to ${found.uid}:${found.gid}, not ${uid}:${gid}`;
      return undefined;
    },
    apply: async () => {
      await mkdir(path, { recursive: true, mode: owner.mode });
      await chown(path, uid, gid);
      await chmod(path, owner.mode);
    },
  };
}

/**
 * A file whose text is ours: any other text is drift and is replaced, by a file of a later time whatever the clock says:
 * systemd reads a unit again only where it is newer than the one that it knows.
 */
export function textFileItem(path: string, text: string, mode: number): ManagedItem {
  return {
    name: path,
    check: async () => {
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === undefined) return 'does not exist';
      if (found !== text) return 'has other content';
      const { mode: actual } = await stat(path);
      return (actual & 0o7777) === mode ? undefined : `has mode ${octal(actual)}, not ${octal(mode)}`;
    },
    apply: async () => {
      await mkdir(dirname(path), { recursive: true });
      const before = await stat(path).catch(() => undefined);
      const mtimeMs = Math.max(Date.now(), (before?.mtimeMs ?? 0) + 1000);
      await writeFileAtomic(path, text, { mode, uid: 0, gid: 0, mtimeMs });
    },
  };
}

/**
 * A file that is made once and then belongs to the host (keys, ids, the operator's settings): made where it is
 * missing, its rights tightened, its content never written again. `fault` says what is wrong with a content that
 * cannot be used; only an operator may mend that.
 */
export function onceFileItem(
  path: string,
  mode: number,
  make: () => string,
  fault: (content: string) => string | undefined = () => undefined,
): ManagedItem {
  return {
    name: path,
    check: async () => {
      const content = await readFile(path, 'utf8').catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (content === undefined) return 'does not exist';
      const { mode: actual } = await stat(path);
      return (
        fault(content) ??
        ((actual & 0o7777) === mode ? undefined : `has mode ${octal(actual)}, not ${octal(mode)}`)
      );
    },
    apply: async () => {
      const exists = await lstat(path).catch(() => undefined);
      if (!exists) {
        await writeFileAtomic(path, make(), { mode });
        return;
      }
      const problem = fault(await readFile(path, 'utf8'));
      if (problem)
        throw new Error(`${path} ${problem}; it is never overwritten, so mend or restore it by hand`);
      await chmod(path, mode);
    },
  };
}

/** Gives a file that belongs to the host another text: whose it is, and who may read it, stays; a new one is 0644. */
export async function rewriteFile(path: string, text: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  const rights = found && { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  await writeFileAtomic(path, text, rights ?? { mode: 0o644 });
}

/** A symbolic link, switched by one rename. */
export function linkItem(path: string, target: string): ManagedItem {
  return {
    name: path,
    check: async () => {
      const found = await readlink(path).catch(() => undefined);
      return found === target ? undefined : found === undefined ? 'is not a link' : `points to ${found}`;
    },
    apply: async () => {
      await mkdir(dirname(path), { recursive: true });
      await switchLink(path, target);
    },
  };
}

/**
 * Points `path` at `target` so that whoever looks sees the old target or the new one, never none. Also after a power cut:
 * a rollout is confirmed, or taken back, on the word of what is live.
 */
export async function switchLink(path: string, target: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
  await syncToDisk(dirname(path));
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
