// Files that name a process. A number alone names nobody once its process has ended: it is given out again, and /run
// outlives a box whose processes were all killed.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Notes process `pid` at `path`, told apart from a later process of the same number. */
export function writePidFile(path: string, pid: number): void {
  writeFileSync(path, `${pid} ${startTicks(pid)}\n`);
}

/** Whether the process that `writePidFile` noted at `path` still runs. */
export function pidFileIsCurrent(path: string): boolean {
  const [pid, started] = contentOf(path).trim().split(' ');
  return started !== undefined && startTicks(Number(pid)) === started;
}

/**
 * Removes a daemon's own pid file unless its process runs with `mark` in its argv. dockerd refuses to start, and takes
 * a stranger for its containerd, when the number in such a file is merely somebody's.
 */
export function removeStalePidFile(path: string, mark: string): void {
  const argv = contentOf(`/proc/${Number(contentOf(path))}/cmdline`).split('\0');
  if (!argv.some((argument) => argument.includes(mark))) rmSync(path, { force: true });
}

/** Whether `pid` runs; one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  return startTicks(pid) !== undefined;
}

/** When the process started, in clock ticks since boot: field 22 of proc(5)'s stat. */
function startTicks(pid: number): string | undefined {
  const stat = contentOf(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const [state, ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : others[18];
}

/** Empty when there is no such file: what it spoke of is gone. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
