import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OperationError } from '../../base/errors.ts';

/** What `make build` made: the tree this very program runs from, with all that a release is put together of. */
export interface BuildTree {
  readonly directory: string;
  readonly version: string;
  readonly gitRevision: string;
}

export async function openBuildTree(directory = dirname(dirname(import.meta.filename))): Promise<BuildTree> {
  try {
    const version = (await readFile(join(directory, 'VERSION'), 'utf8')).trim();
    const gitRevision = (await readFile(join(directory, 'REVISION'), 'utf8')).trim();
    return { directory, version, gitRevision };
  } catch (cause) {
    throw new OperationError(`${directory} is not what \`make build\` makes`, {
      hint: 'run: make build && sudo make install',
      cause,
    });
  }
}

export interface TreeFile {
  /** Relative to the folder that was listed, with forward slashes. */
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

/**
 * Every file below `folder`, in a steady order. Whether one is executable is told by its first two bytes, because
 * checkouts and umasks lose modes: what starts with "#!" or is ELF is a program.
 */
export async function readFolder(folder: string): Promise<TreeFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(folder, path));
      return { path, content, executable: isProgram(content) };
    }),
  );
}

export function isProgram(content: Buffer): boolean {
  return (
    content.subarray(0, 2).toString('latin1') === '#!' ||
    content.subarray(0, 4).toString('latin1') === '\u007fELF'
  );
}
