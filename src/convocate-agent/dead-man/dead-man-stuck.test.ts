import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { deadMan } from './dead-man.ts';
import { endOf } from './fake-lifetime.ts';
import type { Armed } from '../../protocol/armed.ts';
import { RolloutFiles } from './rollout-state.ts';

const { machine } = await vi.hoisted(async () => {
  const { FakeMachine } = await import('./fake-machine.ts');
  return { machine: new FakeMachine('stuck') };
});
vi.mock('node:fs/promises', async (original) => {
  const { filesOn } = await import('./fake-files.ts');
  return filesOn(machine, await original());
});
vi.mock('../../base/run-command.ts', () => machine);

const { rolloutDir, currentLink, previousLink, releasesDir, unit } = AGENT_HOST;
const UNIT_FILE = `/etc/systemd/system/${unit}`;
const RESTART = `systemctl restart ${unit}`;
const KILL = `systemctl kill --signal=KILL ${unit}`;
/** Its time is up: the machine was started 100.25 s ago. */
const LATE: Armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 100.25, window_s: 60 };
const NOW = '2026-01-02T03:04:05.678Z';
const WHY = 'nobody confirmed it within 60 s';
const SILENT = (version: string): string =>
  `${version} does not start: see journalctl -u ${unit} on that host`;

let said: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] });
  said = [];
  machine.installOpen(LATE);
});
afterEach(() => {
  machine.destroy();
  vi.useRealTimers();
});

/** It comes to an end whatever is wrong, and the next rollout may begin. Gives back the seconds that it took. */
async function watch(): Promise<number> {
  const begin = performance.now();
  expect(await endOf(machine.live(() => deadMan((text) => void said.push(text))))).toBe('ended');
  expect(await new RolloutFiles().read()).toEqual({ kind: 'settled' });
  return (performance.now() - begin) / 1000;
}
const notice = async (): Promise<unknown> => await new RolloutFiles().returned();
const links = (): unknown => [machine.linked(currentLink), machine.linked(previousLink)];
const count = (change: string): number => machine.changes.filter((made) => made === change).length;
const noRoom = (): never => {
  throw new Error('ENOSPC: no space left on device');
};
const doesNotStart = (): object => {
  machine.activeState = 'activating'; // systemd waits to try it again
  return { exitCode: 1, stderr: 'Job failed.' };
};

describe('a release that was gone back to and does not start', () => {
  test('is tried for a minute, then that is told, and the next rollout may begin', async () => {
    machine.failOn(RESTART, doesNotStart);
    const seconds = await watch();
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(count(RESTART)).toBeGreaterThan(5);
    expect(count(`systemctl reset-failed ${unit}`)).toBe(count(RESTART));
    expect(links()).toEqual(['v1', 'v0']);
    expect(await notice()).toEqual({ from: 'v2', to: 'v1', reason: `${WHY}; ${SILENT('v1')}`, at: NOW });
    expect(said).toContain('v1 does not start: systemctl failed');
    expect(said).not.toContain('v1 is live');
  });

  test('is told of also where the host had not left it', async () => {
    machine.switchTo('v1', 'v1');
    machine.activeState = 'failed';
    machine.failOn(RESTART, doesNotStart);
    await watch();
    expect(await notice()).toMatchObject({ from: 'v2', to: 'v1', reason: `${WHY}; ${SILENT('v1')}` });
  });

  test('is no trouble where it starts in the end, whoever starts it', async () => {
    let tries = 0;
    machine.failOn(RESTART, () => {
      tries += 1;
      if (tries === 3) machine.runs('v1'); // systemd itself, just after
      return { exitCode: 1, stderr: 'Job failed.' };
    });
    await watch();
    expect([tries, machine.running]).toEqual([3, 'v1']);
    expect(await notice()).toEqual({ from: 'v2', to: 'v1', reason: WHY, at: NOW });
    expect(said.at(-1)).toBe('v1 is live');
  });

  test('is not waited for while systemd itself tries it again, though it has a job for that', async () => {
    machine.activeState = 'activating';
    machine.queued = true;
    machine.failOn(RESTART, doesNotStart);
    expect(await watch()).toBeLessThanOrEqual(60);
    expect(count(KILL)).toBeGreaterThan(5);
  });

  test('and hangs at its start takes no longer', async () => {
    machine.failOn(RESTART, () => new Promise<never>(() => {}));
    expect(await watch()).toBeLessThan(70);
    expect(await notice()).toMatchObject({ reason: `${WHY}; ${SILENT('v1')}` });
  });

  test('is told of where the disk has no room for a notice: in the journal, and the end is the same', async () => {
    machine.failOn(RESTART, doesNotStart);
    machine.failOn('open returned.json', noRoom);
    await watch();
    expect(said).toContain('v1 does not start: systemctl failed');
  });
});

describe('a disk that is full when the way back is taken', () => {
  test('may refuse the stamp: the agent writes that at its start', async () => {
    machine.failOn('open current-image', noRoom);
    expect(await watch()).toBe(0);
    expect([...(links() as string[]), machine.running]).toEqual(['v1', 'v0', 'v1']);
    expect(await notice()).toEqual({ from: 'v2', to: 'v1', reason: WHY, at: NOW });
    expect(said).toContain('/etc/convocate-agent/current-image: ENOSPC: no space left on device');
  });

  test('may refuse the stamp where the agent was never restarted: then it is, and writes it', async () => {
    machine.runs('v1');
    machine.failOn('open current-image', noRoom);
    await watch();
    expect([machine.linked(currentLink), machine.running, count(RESTART)]).toEqual(['v1', 'v1', 1]);
  });

  test('may refuse the stamp of an agent that waits for the network: neither hurried nor called silent', async () => {
    machine.activeState = 'inactive';
    machine.queued = true;
    machine.failOn('open current-image', noRoom);
    setTimeout(() => machine.runs('v1'), 120_000);
    expect(await watch()).toBeGreaterThanOrEqual(120);
    // Started while it was waited for; it could not write the stamp either, so it is asked once more.
    expect([machine.running, count(RESTART), count(KILL)]).toEqual(['v1', 1, 0]);
    expect(await notice()).toMatchObject({ reason: WHY });
  });

  test('is tried again: room may come', async () => {
    let tries = 0;
    machine.failOn(`open ${unit}`, () => {
      tries += 1;
      if (tries === 3) machine.mend();
      noRoom();
    });
    await watch();
    expect(machine.read(UNIT_FILE)).toBe('[Unit]\nDescription=v1\n');
    expect([machine.running, machine.runsUnit]).toEqual(['v1', '[Unit]\nDescription=v1\n']);
    expect(await notice()).toMatchObject({ reason: WHY });
  });

  test.each([
    [`open ${unit}`, UNIT_FILE],
    ['rename previous', previousLink],
  ])('for good, at %s, does not keep the host from the release that it goes back to', async (write, item) => {
    machine.failOn(write, noRoom);
    await watch();
    expect([machine.linked(currentLink), machine.running]).toEqual(['v1', 'v1']);
    const what = `not all of v1 could be put in place (${item}: ENOSPC: no space left on device)`;
    expect(await notice()).toEqual({ from: 'v2', to: 'v1', reason: `${WHY}; ${what}`, at: NOW });
  });

  test('does not matter to the ballast itself', async () => {
    machine.failOn('rm ballast', () => {
      throw new Error('EROFS: read-only file system');
    });
    await watch();
    expect(machine.running).toBe('v1');
  });
});

describe('a way back that cannot be taken leaves the host on the release that it is on, whole', () => {
  const stays = (why: string): string => `${WHY}; going back to v1 failed (${why}), so v2 is live`;
  const expectWholeV2 = (): void => {
    expect([...(links() as string[]), machine.running]).toEqual(['v2', 'v1', 'v2']);
    expect(machine.read(AGENT_HOST.currentImageFile)).toBe('convocate:v2\n');
    expect(machine.read(UNIT_FILE)).toBe('[Unit]\nDescription=v2\n');
  };

  test.each([
    ['manifest.json', `release v1: ${releasesDir}/v1 is not a release: it has no manifest.json`],
    [`install/${unit}`, 'release v1: ENOENT'],
  ])('since %s of the old one is gone', async (file, why) => {
    machine.remove(`${releasesDir}/v1/${file}`);
    await watch();
    expectWholeV2();
    expect(count(RESTART)).toBe(0);
    const { reason = '', ...rest } = (await new RolloutFiles().returned()) ?? {};
    expect(reason).toContain(`${WHY}; going back to v1 failed (${why}`);
    expect(reason).toMatch(/\), so v2 is live$/);
    expect(rest).toEqual({ from: 'v2', to: 'v2', at: NOW });
    expect(said.at(-1)).toBe('v2 is live');
  });

  test('since the link cannot be switched: what was written of the old one is put back', async () => {
    machine.failOn('rename current', noRoom);
    await watch();
    expectWholeV2();
    expect(await notice()).toMatchObject({
      to: 'v2',
      reason: stays(`${currentLink}: ENOSPC: no space left on device`),
    });
  });

  test('and starts that one, where it does not run', async () => {
    machine.remove(`${releasesDir}/v1/manifest.json`);
    machine.activeState = 'failed';
    await watch();
    expectWholeV2();
    expect(count(RESTART)).toBe(1);
  });

  test('or says that neither starts', async () => {
    machine.remove(`${releasesDir}/v1/manifest.json`);
    machine.activeState = 'failed';
    machine.failOn(RESTART, doesNotStart);
    await watch();
    expect(links()).toEqual(['v2', 'v1']);
    expect(await notice()).toMatchObject({ to: 'v2', reason: expect.stringContaining(SILENT('v2')) });
  });

  test('also at a start of the host, whose agent waits for that', async () => {
    machine.write(`${rolloutDir}/armed.json`, JSON.stringify({ ...LATE, deadline_s: 200 }));
    machine.remove(AGENT_HOST.rolloutBootMark);
    machine.remove(`${releasesDir}/v1/manifest.json`);
    machine.activeState = 'inactive';
    expect(await watch()).toBeLessThan(20);
    expectWholeV2();
  });
});
