import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Armed } from '../../protocol/armed.ts';
import { RolloutFiles } from './rollout-state.ts';

const { disk } = vi.hoisted(() => ({ disk: { afterRead: () => Promise.resolve() } }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readFile = async (...args: Parameters<typeof real.readFile>): Promise<unknown> => {
    try {
      return await real.readFile(...args);
    } finally {
      await disk.afterRead();
    }
  };
  return { ...real, readFile };
});

const ARMED: Armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 160.5, window_s: 60 };
const RETURNED = { from: 'v2', to: 'v1', reason: 'because', at: '2026-01-01T00:00:00.000Z' };

let directory: string;
let files: RolloutFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-rollout-'));
  files = open();
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** As another process sees them. */
const open = (): RolloutFiles =>
  new RolloutFiles(join(directory, 'rollout'), join(directory, 'boot-mark'), join(directory, 'request'));
const names = async (): Promise<string[]> => (await readdir(join(directory, 'rollout'))).toSorted();

test('a host that never saw a rollout is settled', async () => {
  expect(await files.read()).toEqual({ kind: 'settled' });
  expect(await files.returned()).toBeUndefined();
  expect(await files.confirm()).toBe(false);
});

describe('an open rollout', () => {
  beforeEach(() => files.arm(ARMED));

  test('is known to every process, until it is confirmed', async () => {
    expect(await open().read()).toEqual({ kind: 'armed', armed: ARMED });
    expect(await files.confirm()).toBe(true);
    expect(await open().read()).toEqual({ kind: 'settled' });
    expect(await names()).toEqual([]);
  });

  test('ends in one way only, whoever comes first', async () => {
    for (let round = 0; round < 20; round += 1) {
      await files.arm(ARMED);
      const [confirmed, taken] = await Promise.all([files.confirm(), open().startReturn('late')]);
      expect([confirmed, taken].filter(Boolean)).toHaveLength(1);
      expect((await files.read()).kind).toBe(confirmed ? 'settled' : 'returning');
      await files.finishReturn();
    }
  });

  test('is never taken for settled by who looks just while it is claimed', async () => {
    const claim = vi.fn(() => files.startReturn('late'));
    disk.afterRead = async () => {
      disk.afterRead = () => Promise.resolve();
      await claim();
    };
    expect((await open().read()).kind).not.toBe('settled');
    expect(claim).toHaveResolvedWith(true);
  });

  test('is taken back with its reason, and told of until another one begins', async () => {
    expect(await files.startReturn('it hangs')).toBe(true);
    expect(await open().read()).toEqual({ kind: 'returning', armed: ARMED, reason: 'it hangs' });
    await files.recordReturn(RETURNED);
    await open().recordReturn({ ...RETURNED, reason: 'a second start of the dead-man' });
    await files.finishReturn();
    expect(await open().read()).toEqual({ kind: 'settled' });
    expect(await open().returned()).toEqual(RETURNED);
    await files.arm(ARMED);
    expect(await files.returned()).toBeUndefined();
  });

  test('carries a request to be taken back, which the next one does not inherit', async () => {
    await open().requestReturn('222 does not answer');
    expect(await files.requestedReturn()).toBe('222 does not answer');
    await files.arm(ARMED);
    expect(await files.requestedReturn()).toBeUndefined();
  });

  test('knows when the host was started anew', async () => {
    expect(await open().isSameBoot()).toBe(true);
    await rm(join(directory, 'boot-mark'));
    expect(await open().isSameBoot()).toBe(false);
  });

  test('that cannot be read is an error, never a settled host', async () => {
    for (const damage of [
      '',
      '{',
      '{"rollout":7,"from":"../etc","to":"v2","previous":null,"deadline_s":1,"window_s":1}',
    ]) {
      await writeFile(join(directory, 'rollout', 'armed.json'), damage);
      await expect(files.read()).rejects.toThrow('is damaged');
    }
  });
});
