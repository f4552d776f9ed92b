import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { deadMan } from './dead-man.ts';
import { endOf } from './fake-lifetime.ts';
import type { Armed } from '../../protocol/armed.ts';

const { machine } = await vi.hoisted(async () => {
  const { FakeMachine } = await import('./fake-machine.ts');
  return { machine: new FakeMachine('killed') };
});
vi.mock('node:fs/promises', async (original) => {
  const { filesOn } = await import('./fake-files.ts');
  return filesOn(machine, await original());
});
vi.mock('../../base/run-command.ts', () => machine);

const { rolloutDir, releasesDir, rolloutBootMark, currentLink, previousLink, unit } = AGENT_HOST;
const NOW = '2026-01-02T03:04:05.678Z';
/** Some sixty lives one after another, on a machine that may be busy. */
const SLOW = { timeout: 90_000 };
/** Its time is up: the machine was started 100.25 s ago. */
const LATE: Armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 100.25, window_s: 60 };

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'],
  });
});
afterEach(() => {
  machine.destroy();
  vi.useRealTimers();
});

/** What a rollout may have left behind, by what is different from one that went well until its time was up. */
const SCENES: Record<string, () => void> = {
  'its time was up': () => {},
  'its operator asked for the way back': () => {
    machine.installOpen({ ...LATE, deadline_s: 200 });
    machine.write(AGENT_HOST.rolloutRequest, 'no answer on 222\n');
  },
  'the host was started anew': () => {
    machine.remove(rolloutBootMark);
    machine.workers = 0;
    machine.activeState = 'inactive';
  },
  'no release was live before v1': () => machine.installOpen({ ...LATE, previous: null }),
  'the activation was cut off before its switch': () => {
    machine.switchTo('v1', 'v1');
    machine.runs('v1');
    machine.write(`/etc/systemd/system/${unit}`, 'of v2'); // and systemd has not read it
  },
  'it was cut off between switch and restart': () => machine.runs('v1'),
  'the agent hangs': () => (machine.activeState = 'activating'),
  'the disk has no room for the notice': () => machine.failOn('open returned.json', noRoom),
  'the disk has no room for the stamp': () => machine.failOn('open current-image', noRoom),
};
/** The same, where the way back is not to be had whole: the release that is live in the end, and the one that runs. */
const STUCK: Record<string, [string, string | undefined, () => void]> = {
  'the old release does not start': [
    'v1',
    undefined,
    () => {
      machine.failOn(`systemctl restart ${unit}`, () => {
        machine.activeState = 'activating';
        return { exitCode: 1 };
      });
    },
  ],
  "the disk has no room for the old release's unit": [
    'v1',
    'v1',
    () => machine.failOn(`open ${unit}`, noRoom),
  ],
  'the old release is damaged': ['v2', 'v2', () => machine.remove(`${releasesDir}/v1/manifest.json`)],
  'the link cannot be switched': ['v2', 'v2', () => machine.failOn('rename current', noRoom)],
};

function noRoom(): never {
  throw new Error('ENOSPC: no space left on device');
}

const watch = (): Promise<void> => deadMan(() => {});

function begin(setScene: () => void): void {
  vi.setSystemTime(NOW);
  machine.installOpen(LATE);
  setScene();
  machine.changes.length = 0;
}

/** Where it ends if it is killed before these changes, in one life after another. */
async function endAfter(setScene: () => void, kills: readonly number[]): Promise<Record<string, unknown>> {
  begin(setScene);
  for (const kill of kills) {
    await endOf(machine.live(watch, kill));
    const now = Date.now();
    vi.clearAllTimers(); // of a life that was ended; sets the clock too
    vi.setSystemTime(now);
  }
  expect(await endOf(machine.live(watch))).toBe('ended');
  const { files, ...rest } = machine.state();
  // One that was killed before it had shut the rollout out does so again: the number has risen, however far.
  const { [`${rolloutDir}/number`.slice(1)]: _number, ...others } = files;
  expect(machine.fenceNumber).toBeGreaterThan(7);
  return { files: others, ...rest };
}

describe.each(Object.entries(SCENES))('where %s, a dead-man that was killed', (_what, setScene) => {
  test('before any one of its changes and started again ends as if it had not been', SLOW, async () => {
    const whole = await endAfter(setScene, []);
    const changes = [...machine.changes];
    expect([machine.linked(currentLink), machine.running, machine.workers]).toEqual(['v1', 'v1', 0]);
    expect(machine.linked(previousLink)).toBe(
      setScene === SCENES['no release was live before v1'] ? undefined : 'v0',
    );
    expect(changes.length).toBeGreaterThan(10);
    for (const [kill, change] of changes.entries())
      expect(await endAfter(setScene, [kill]), `killed before: ${change}`).toEqual(whole);
  });
});

describe.each(Object.entries(STUCK))('where %s, it', (_what, [live, running, setScene]) => {
  test('ends on one release all the same, wherever it was killed', SLOW, async () => {
    const whole = await endAfter(setScene, []);
    const changes = [...machine.changes];
    expect([machine.linked(currentLink), machine.running]).toEqual([live, running]);
    const isNew = (change: string, index: number): boolean => changes.indexOf(change) === index; // not one more try
    for (const change of changes.filter(isNew))
      expect(await endAfter(setScene, [changes.indexOf(change)]), `killed before: ${change}`).toEqual(whole);
  });
});

test('it may be killed twice, wherever', SLOW, async () => {
  const whole = await endAfter(() => {}, []);
  const change = fc.nat(machine.changes.length - 1);
  const twice = fc.asyncProperty(change, change, async (first, second) => {
    expect(await endAfter(() => {}, [first, second])).toEqual(whole);
  });
  await fc.assert(twice, { numRuns: 12 });
});
