import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { deadMan } from './dead-man.ts';
import type { Armed } from '../../protocol/armed.ts';
import { RolloutFiles } from './rollout-state.ts';
import { askBack, disarm } from './settle.ts';

const { machine } = await vi.hoisted(async () => {
  const { FakeMachine } = await import('./fake-machine.ts');
  return { machine: new FakeMachine('settle') };
});
vi.mock('node:fs/promises', async (original) => {
  const { filesOn } = await import('./fake-files.ts');
  return filesOn(machine, await original());
});
vi.mock('../../base/run-command.ts', () => machine);

const { rolloutDir, deadManUnit } = AGENT_HOST;
const ARMED: Armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 160, window_s: 60 };
const START = `systemctl start ${deadManUnit}`;
const RETURNED = { from: 'v2', to: 'v1', reason: 'because', at: '2026-01-02T03:04:05.678Z' };
const STAYS = { ...RETURNED, to: 'v2' };

beforeEach(() => {
  machine.installOpen(ARMED);
  machine.changes.length = 0;
});
afterEach(() => {
  machine.destroy();
  vi.useRealTimers();
});

const kind = async (): Promise<string> => (await new RolloutFiles().read()).kind;
const isLeft = (name: string): boolean => machine.read(`${rolloutDir}/${name}`) !== undefined;
/** From now on systemd starts a dead-man that does its work. */
const watched = (): void => machine.failOn(START, () => deadMan(() => {}).then(() => ({})));
const settle = (): void => {
  machine.remove(`${rolloutDir}/armed.json`);
  machine.remove(`${rolloutDir}/returning.json`);
};

describe('disarming', () => {
  test('decides first, then sends the watcher home', async () => {
    expect(await disarm(7)).toEqual({ ending: 'confirmed' });
    expect(await kind()).toBe('settled');
    const order = [
      'rename confirmed.json',
      `systemctl stop ${deadManUnit}`,
      ...Array<string>(3).fill('rm ballast'),
    ];
    expect(machine.changes.filter((change) => order.includes(change))).toEqual(order);
    expect([isLeft('ballast'), isLeft('confirmed.json'), machine.running]).toEqual([false, false, 'v2']);
  });

  test("another rollout's is refused, and changes nothing", async () => {
    await expect(disarm(6)).rejects.toMatchObject({
      message: 'rollout 6 lost this host to rollout 7',
      exit: 3,
    });
    expect(machine.changes).toEqual([]);
    expect(await kind()).toBe('armed');
  });

  test('a release that is not live by the link any more is not confirmed', async () => {
    machine.switchTo('v1', 'v0');
    machine.changes.length = 0;
    await expect(disarm(7)).rejects.toThrow('v1 is live on this host by its link, not v2');
    expect(machine.changes).toEqual([]);
    expect(await kind()).toBe('armed');
  });

  test('a rollout that is being taken back waits until it has been, and tells of that', async () => {
    await new RolloutFiles().startReturn('because');
    watched();
    expect(await disarm(7)).toMatchObject({
      ending: 'rolled_back',
      rolled_back: { to: 'v1', reason: 'because' },
    });
    expect(machine.running).toBe('v1');
  });

  test.each([
    ['was none', undefined, { ending: 'none' }],
    ['was taken back', RETURNED, { ending: 'rolled_back', rolled_back: RETURNED }],
    ['stays since it could not be', STAYS, { ending: 'none', rolled_back: STAYS }],
  ])('one that %s starts nothing', async (_what, returned, ending) => {
    settle();
    if (returned) machine.write(`${rolloutDir}/returned.json`, JSON.stringify(returned));
    expect(await disarm(7)).toEqual(ending);
    expect(machine.changes.filter((change) => change.startsWith('systemctl'))).toEqual([]);
  });
});

describe('asking for the way back', () => {
  test('has the watcher take it, with the reason that was given', async () => {
    watched();
    expect(await askBack(7, '222 is mute')).toMatchObject({
      ending: 'rolled_back',
      rolled_back: { from: 'v2', to: 'v1', reason: '222 is mute' },
    });
    const asked = machine.changes.indexOf('rename convocate-rollout.request');
    expect(asked).toBeGreaterThanOrEqual(0);
    expect(asked).toBeLessThan(machine.changes.indexOf(START));
    expect(machine.running).toBe('v1');
  });

  test('puts the unit of the watcher right where it was lost, and starts that', async () => {
    const place = `/etc/systemd/system/${deadManUnit}`;
    machine.failOn(START, async () => {
      if (machine.read(place) === undefined) return { exitCode: 5, stderr: 'Unit not found.' };
      await deadMan(() => {});
      return {};
    });
    expect(await askBack(7, 'because')).toMatchObject({ ending: 'rolled_back', rolled_back: { to: 'v1' } });
    expect(machine.read(place)).toContain('convocate-agent dead-man');
    expect(machine.running).toBe('v1');
  });

  test('waits for a watcher that runs already', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const ended = askBack(7, '222 is mute');
    const done = vi.fn();
    void ended.then(done);
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(machine.changes.at(-1)).toBe(START);
    await vi.advanceTimersByTimeAsync(100);
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(done).not.toHaveBeenCalled();
    machine.write(`${rolloutDir}/returned.json`, JSON.stringify(RETURNED));
    settle();
    await vi.advanceTimersByTimeAsync(100);
    expect(await ended).toEqual({ ending: 'rolled_back', rolled_back: RETURNED });
  });

  test('is for whoever took the lock last, also where the rollout is of another', async () => {
    machine.write(`${rolloutDir}/number`, '9              \n');
    await expect(askBack(7, 'mine')).rejects.toMatchObject({
      message: 'rollout 7 lost this host to rollout 9',
      exit: 3,
    });
    expect([machine.changes, machine.read(AGENT_HOST.rolloutRequest)]).toEqual([[], undefined]);
    watched();
    expect(await askBack(9, 'left open')).toMatchObject({ rolled_back: { reason: 'left open' } });
  });

  test('of a rollout that has left nothing tells that there was nothing', async () => {
    machine.switchTo('v1', 'v1');
    machine.runs('v1');
    watched();
    expect(await askBack(7, 'the switch failed')).toEqual({ ending: 'none' });
    expect(machine.linked(AGENT_HOST.previousLink)).toBe('v0');
  });

  test('where none is open changes nothing', async () => {
    settle();
    expect(await askBack(7, 'x')).toEqual({ ending: 'none' });
    expect(machine.changes).toEqual([]);
  });
});
