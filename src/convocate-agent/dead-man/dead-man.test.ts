import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { deadMan } from './dead-man.ts';
import type { Armed } from '../../protocol/armed.ts';

const { machine } = await vi.hoisted(async () => {
  const { FakeMachine } = await import('./fake-machine.ts');
  return { machine: new FakeMachine('dead-man') };
});
vi.mock('node:fs/promises', async (original) => {
  const { filesOn } = await import('./fake-files.ts');
  return filesOn(machine, await original());
});
vi.mock('../../base/run-command.ts', () => machine);

const { rolloutDir, rolloutBootMark, currentLink, previousLink, unit } = AGENT_HOST;
const NOW = '2026-01-02T03:04:05.678Z';
const UNIT_FILE = `/etc/systemd/system/${unit}`;
/** Its time is up: the machine was started 100.25 s ago. */
const LATE: Armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 100.25, window_s: 60 };
const RESTART = `systemctl restart ${unit}`;

let said: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  said = [];
  machine.installOpen(LATE);
});
afterEach(() => {
  machine.destroy();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const watch = async (): Promise<void> => {
  expect(await machine.live(() => deadMan((text) => void said.push(text)))).toBe('ended');
};
const notice = (): unknown => JSON.parse(machine.read(`${rolloutDir}/returned.json`) ?? 'null');
const armed = (changes: Partial<Armed>): void =>
  machine.write(`${rolloutDir}/armed.json`, JSON.stringify({ ...LATE, ...changes }));
const uptime = (seconds: number): void => machine.write('/proc/uptime', `${seconds} 1.00\n`);
/** Lets real time pass for the files, while that of the timers stands still. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
};
/** It has looked, and waits to look again. */
const hasLooked = (): Promise<void> => until(() => vi.getTimerCount() > 0);
/** The changes of these words, in their order. */
const order = (...words: string[]): string[] => machine.changes.filter((change) => words.includes(change));
const isLeft = (name: string): boolean => machine.read(`${rolloutDir}/${name}`) !== undefined;

test('at a start of the host gives back the room of a rollout that was confirmed as the power went', async () => {
  machine.remove(`${rolloutDir}/armed.json`);
  for (const place of [rolloutDir, AGENT_HOST.configDir, AGENT_HOST.libDir])
    machine.write(`${place}/ballast`, 'room');
  await watch();
  expect(order('rm ballast')).toHaveLength(3);
  expect([isLeft('ballast'), machine.running]).toEqual([false, 'v2']);
});

describe('going back', () => {
  test('leaves the host as it was before the rollout, but for the notice and the number', async () => {
    machine.install('v1', ['v0', 'v1', 'v2']);
    machine.switchTo('v1', 'v0');
    machine.write(rolloutBootMark, '');
    machine.write(`${rolloutDir}/number`, '8\n');
    const reason = 'nobody confirmed it within 60 s';
    const before = machine.state();
    machine.installOpen(LATE);
    await watch();
    expect(notice()).toEqual({ from: 'v2', to: 'v1', reason, at: NOW });
    machine.remove(`${rolloutDir}/returned.json`);
    expect(machine.state()).toEqual(before);
    expect(said).toEqual([
      'v2 has to be confirmed within 60 s, or this host goes back to v1',
      `going back from v2 to v1: ${reason}`,
      'v1 is live',
    ]);
  });

  test('shuts out the rollout first, makes room and tells of it just before the switch, restarts last', async () => {
    await watch();
    const steps = [
      'rename returning.json',
      'raise number',
      'end workers',
      ...Array<string>(3).fill('rm ballast'), // in /var, /etc and /usr: whoever fills the disk finds it too late
      'rename returned.json',
      `rename ${unit}`,
      'systemctl daemon-reload',
      'rename current',
      'rename current-image',
      'rename previous',
      `systemctl reset-failed ${unit}`,
      RESTART,
      'rm returning.json',
    ];
    expect(order(...steps)).toEqual(steps);
  });

  test('leaves the number of another operator alone, who has shut out the first one already', async () => {
    machine.write(`${rolloutDir}/number`, '9              \n');
    machine.workers = 0;
    await watch();
    expect(machine.fenceNumber).toBe(9);
    expect(machine.running).toBe('v1');
  });

  test('shuts out the rollout where another operator came no further than to its number', async () => {
    machine.write(`${rolloutDir}/number`, '8              \n');
    machine.workers = 1;
    await watch();
    expect(order('raise number', 'end workers', 'rename current')).toEqual([
      'raise number',
      'end workers',
      'rename current',
    ]);
  });

  test('is told where work cannot be ended, and done all the same', async () => {
    machine.failOn('end workers', () => {
      throw new Error('sh failed');
    });
    await watch();
    expect(said).toContain('what the rollout still does could not be ended: sh failed');
    expect([machine.linked(currentLink), machine.running, isLeft('returning.json')]).toEqual([
      'v1',
      'v1',
      false,
    ]);
  });

  test('is done all the same where ending that work does not end, before systemd loses its patience', async () => {
    machine.failOn('end workers', () => new Promise(() => {}));
    const watching = watch();
    await until(() => order('end workers').length === 1);
    await vi.advanceTimersByTimeAsync(45_000);
    await watching;
    expect(said).toContain('what the rollout still does could not be ended: sh did not finish within 30 s');
    expect(machine.running).toBe('v1');
  });

  test('mends a host whose link to the live release is gone', async () => {
    machine.remove(currentLink);
    await watch();
    expect([machine.linked(currentLink), machine.running]).toEqual(['v1', 'v1']);
  });

  test.each(['open returned.json', 'open reason'])('does not fail with %s', async (write) => {
    machine.failOn(write, () => {
      throw new Error('ENOSPC: no space left on device');
    });
    await watch();
    expect([machine.linked(currentLink), machine.linked(previousLink), machine.running]).toEqual([
      'v1',
      'v0',
      'v1',
    ]);
    expect(isLeft('returning.json')).toBe(false);
    if (write === 'open returned.json') expect(said).toContain('ENOSPC: no space left on device');
  });

  test('has systemd read the unit also where the clock was set back since the other one was written', async () => {
    machine.age(UNIT_FILE, -3600_000);
    await machine.runChecked(['systemctl', 'daemon-reload']);
    machine.changes.length = 0;
    await watch();
    expect(order('systemctl daemon-reload', RESTART)).toEqual(['systemctl daemon-reload', RESTART]);
    expect(machine.runsUnit).toBe('[Unit]\nDescription=v1\n');
  });

  test('has systemd read the unit where it does not say whether it has', async () => {
    machine.answers = false;
    await watch();
    machine.answers = true;
    expect(machine.runsUnit).toBe('[Unit]\nDescription=v1\n');
  });

  test('is taken where the number of the rollout cannot be read', async () => {
    machine.remove(`${rolloutDir}/number`);
    machine.write(`${rolloutDir}/number/is-a-directory`, '');
    machine.workers = 0;
    await watch();
    expect([machine.linked(currentLink), machine.running, isLeft('returning.json')]).toEqual([
      'v1',
      'v1',
      false,
    ]);
  });

  test('removes the link to a previous release where there was none', async () => {
    armed({ previous: null });
    await watch();
    expect(machine.linked(previousLink)).toBeUndefined();
  });

  test('from an activation that was cut off before its switch mends the files and tells of nothing', async () => {
    machine.switchTo('v1', 'v1');
    machine.runs('v1');
    machine.write(UNIT_FILE, 'of v2');
    await machine.runChecked(['systemctl', 'daemon-reload']);
    machine.changes.length = 0;
    await watch();
    expect(machine.read(UNIT_FILE)).toBe('[Unit]\nDescription=v1\n');
    expect(machine.linked(previousLink)).toBe('v0');
    expect(order('systemctl daemon-reload', RESTART)).toEqual(['systemctl daemon-reload']);
    expect(notice()).toBeNull();
  });

  test.each([
    ['its link, before the restart', () => machine.runs('v1')],
    ['its process alone', () => machine.switchTo('v1')],
  ])('from a host that was left by %s is told of', async (_how, leave) => {
    leave();
    await watch();
    expect(notice()).toMatchObject({ from: 'v2', to: 'v1' });
    expect([machine.linked(currentLink), machine.running]).toEqual(['v1', 'v1']);
  });

  test('kills an agent that hangs before it is up, and lets one that is up come to its end', async () => {
    const kill = `systemctl kill --signal=KILL ${unit}`;
    await watch();
    expect(order(kill, RESTART)).toEqual([RESTART]);
    expect(vi.getTimerCount()).toBe(0);
    for (const running of ['v2', 'v1']) {
      machine.installOpen(LATE);
      machine.runs(running);
      machine.activeState = 'activating';
      await watch();
      expect(order(kill, RESTART)).toEqual([kill, RESTART]);
    }
  });

  test('leaves an agent alone that systemd is about to start: after a power cut it may wait for the network', async () => {
    machine.activeState = 'inactive';
    machine.queued = true;
    const watching = watch();
    await hasLooked();
    await vi.advanceTimersByTimeAsync(119_000);
    await hasLooked();
    expect(
      machine.changes.filter((change) => change.startsWith('systemctl kill') || change === RESTART),
    ).toEqual([]);
    machine.runs('v1');
    await vi.advanceTimersByTimeAsync(1_000);
    await watching;
    expect(order(RESTART)).toEqual([]);
    expect(notice()).toMatchObject({ from: 'v2', to: 'v1', reason: 'nobody confirmed it within 60 s' });
  });

  test('kills an agent that takes more than 10 s to come to its end', async () => {
    const kill = `systemctl kill --signal=KILL ${unit}`;
    machine.failOn(RESTART, async () => {
      machine.activeState = 'deactivating';
      await vi.advanceTimersByTimeAsync(9_999);
      expect(order(kill)).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await until(() => order(kill).length === 1);
      machine.runs('v1');
      return {};
    });
    await watch();
    expect(machine.running).toBe('v1');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an open rollout is watched', () => {
  const ready = 'systemd-notify --ready';
  beforeEach(() => vi.stubEnv('NOTIFY_SOCKET', '/run/systemd/notify'));

  test('from when systemd is told so, and left alone once it is confirmed', async () => {
    armed({ deadline_s: 200 });
    const watching = watch();
    await hasLooked();
    await vi.advanceTimersByTimeAsync(250);
    await hasLooked();
    expect(machine.changes).toEqual([ready]);
    machine.remove(`${rolloutDir}/armed.json`);
    await vi.advanceTimersByTimeAsync(250);
    await watching;
    expect(machine.changes).toEqual([ready]);
    expect(machine.linked(currentLink)).toBe('v2');
  });

  test.each([
    ['its time is up', () => uptime(200), 'nobody confirmed it within 60 s'],
    ['the shell asks', () => machine.write(AGENT_HOST.rolloutRequest, '222 is mute\n'), '222 is mute'],
    ['starts fail', () => (machine.restarts = 3), 'the agent failed to stay up 3 times'],
    ['systemd gives up', () => (machine.activeState = 'failed'), 'systemd gave up starting the agent'],
  ])('until %s', async (_what, happen, reason) => {
    armed({ deadline_s: 200 });
    const watching = watch();
    await hasLooked();
    happen();
    await vi.advanceTimersByTimeAsync(250);
    await watching;
    expect(notice()).toEqual({ from: 'v2', to: 'v1', reason, at: '2026-01-02T03:04:05.928Z' });
    expect(machine.running).toBe('v1');
  });

  test('and is none the worse for a systemd that does not answer', async () => {
    armed({ deadline_s: 200 });
    machine.restarts = 12;
    const watching = watch();
    for (const answers of [true, false, true]) {
      await hasLooked();
      machine.answers = answers;
      await vi.advanceTimersByTimeAsync(250);
    }
    await hasLooked();
    expect(machine.linked(currentLink)).toBe('v2');
    machine.remove(`${rolloutDir}/armed.json`);
    await vi.advanceTimersByTimeAsync(250);
    await watching;
  });

  test('is taken back at once where the host was started anew, before the agent may start', async () => {
    armed({ deadline_s: 200 });
    machine.remove(rolloutBootMark);
    machine.activeState = 'inactive'; // it waits for this
    await watch();
    expect(notice()).toMatchObject({ reason: 'the host was started anew before it was confirmed' });
    expect(order('rename current', ready, RESTART)).toEqual(['rename current', ready, RESTART]);
  });

  test('by nobody where there is none', async () => {
    machine.remove(`${rolloutDir}/armed.json`);
    await watch();
    expect(machine.changes).toEqual([...Array<string>(3).fill('rm ballast'), ready]);
  });
});
