import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { once } from 'node:events';
import { exitOf, runCommand, startProcess } from '../../base/run-command.ts';
import { pruneVerb } from '../commands/rollout.ts';
import { holdsRolloutLock, runUnderLock } from './under-lock.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-under-lock-${process.pid}`,
}));
const lock = join(root, 'run/lock');
vi.mock('../../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../protocol/host-layout.ts')>();
  const places = { rolloutLock: `${root}/run/lock`, oldRolloutLock: `${root}/open/old.lock` };
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, ...places } };
});

beforeEach(async () => {
  await mkdir(join(root, 'run'), { recursive: true, mode: 0o700 });
  await mkdir(join(root, 'open'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await rm(root, { recursive: true, force: true });
});

/** Runs `act` while a rollout holds the lock. */
async function whileHeld(act: () => Promise<void>): Promise<void> {
  await writeFile(`${lock}.holder`, 'by anna on shell\n');
  const argv = ['flock', '--no-fork', lock, 'sh', '-c', 'echo on; exec cat'];
  const rollout = startProcess(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!rollout.stdout) throw new Error('no pipe');
  await once(rollout.stdout, 'data');
  try {
    await act();
  } finally {
    rollout.stdin?.end();
    await exitOf(rollout);
  }
}

const PRUNE = { who: 'a prune', outcome: 'so nothing was removed', hint: 'run it again' };

test('a command is run with the lock, is told so, and its exit code comes back', async () => {
  const words = ['sh', '-c', '! flock -n "$1" true && echo "$CONVOCATE_ROLLOUT_LOCK" > "$2"; exit 5', 'sh'];
  expect(await runUnderLock([...words, lock, join(root, 'said')], PRUNE)).toBe(5);
  expect(await readFile(join(root, 'said'), 'utf8')).toBe('held\n');
  expect(await readFile(`${lock}.holder`, 'utf8')).toMatch(/^by a prune since \d{4}-/);
  expect((await runCommand(['flock', '-n', lock, 'true'])).exitCode).toBe(0);
});

test('while a rollout is under way it is not run, and the refusal says whose', async () => {
  await whileHeld(async () => {
    await expect(runUnderLock(['touch', join(root, 'said')], PRUNE)).rejects.toMatchObject({
      message: 'a rollout is under way on this host, so nothing was removed: held by anna on shell',
      exit: 3,
    });
    await expect(stat(join(root, 'said'))).rejects.toThrow('ENOENT');
  });
});

test('a prune takes the lock for itself: refused in words, and left for another day where nobody reads them', async () => {
  await whileHeld(async () => {
    await expect(pruneVerb({})).rejects.toThrow('a rollout is under way on this host');
    await pruneVerb({ unattended: true });
    expect(process.exitCode).toBeUndefined();
  });
});

test.each([
  [undefined, false],
  ['', false],
  ['held', true],
])('a caller that says %j holds the lock for us: %s', (said, isHeld) => {
  vi.stubEnv('CONVOCATE_ROLLOUT_LOCK', said);
  expect(holdsRolloutLock()).toBe(isHeld);
});
