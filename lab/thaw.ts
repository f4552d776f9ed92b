// runc freezes a container's processes for a moment when it sets up its cgroup. A machine that is killed in that moment
// leaves them frozen for good, and on cgroup v1 what is frozen cannot be killed: the machine would never be gone.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const hierarchy = '/sys/fs/cgroup/freezer';
const everyMs = 250;

/** Does what ends these machines (by their full ids), and meanwhile thaws whatever is frozen in them. */
export async function whileThawing<T>(containerIds: readonly string[], end: () => Promise<T>): Promise<T> {
  const cgroups = containerIds.flatMap(freezersOf);
  const ended = end();
  let over = false;
  const thawing = (async () => {
    await sleep(everyMs);
    for (; !over; await sleep(everyMs)) for (const cgroup of cgroups) thaw(cgroup);
  })();
  try {
    return await ended;
  } finally {
    over = true;
    await thawing;
  }
}

/** Where Docker's two cgroup drivers put a container; no such place with cgroup v2, where SIGKILL reaches what is frozen. */
function freezersOf(containerId: string): string[] {
  return [`docker/${containerId}`, `system.slice/docker-${containerId}.scope`].map((path) =>
    join(hierarchy, path),
  );
}

function thaw(cgroup: string): void {
  if (!existsSync(cgroup)) return;
  try {
    const paths = readdirSync(cgroup, { recursive: true, encoding: 'utf8' });
    for (const path of paths.filter((name) => name.endsWith('freezer.state'))) {
      const file = join(cgroup, path);
      if (readFileSync(file, 'utf8').trim() !== 'THAWED') writeFileSync(file, 'THAWED');
    }
  } catch {
    // it goes away while we look
  }
}
