// What a bench makes on this box: a lab, and built trees.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pollUntil } from '../../src/base/deadline.ts';
import { findEngine } from '../../lab/engine.ts';
import { removeLab } from '../../lab/remove.ts';

export const labName = 'bench';

const trees = join(import.meta.dirname, '../../.lab/trees');
const versionPattern = /^v0\.9\.\d+-bench(\.new)?$/;

/** The versions of a bench: nobody else's, and each newer than the one before. */
export function versionAt(index: number): string {
  return `v0.9.${index}-bench`;
}

export async function removeLeftovers(): Promise<void> {
  const engine = await findEngine();
  // Another removal may be under way: of a set-up that failed, when a signal came.
  const remove = async (): Promise<true | undefined> => {
    if (!engine) return true;
    return await removeLab(engine.docker, labName).then(
      () => true,
      () => undefined,
    );
  };
  await pollUntil(remove, { timeoutMs: 120_000, intervalMs: 1000, what: `the lab ${labName} is gone` });
  const names = existsSync(trees) ? readdirSync(trees) : [];
  for (const name of names.filter((name) => versionPattern.test(name))) {
    rmSync(join(trees, name), { recursive: true, force: true });
  }
}
