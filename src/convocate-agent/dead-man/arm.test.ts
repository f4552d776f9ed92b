import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { openRelease, verifyRelease } from '../release-home.ts';
import { type ArmAnswer, arm } from './arm.ts';
import { deadMan } from './dead-man.ts';
import { RolloutFiles } from './rollout-state.ts';

const { machine } = await vi.hoisted(async () => {
  const { FakeMachine } = await import('./fake-machine.ts');
  return { machine: new FakeMachine('arm') };
});
vi.mock('node:fs/promises', async (original) => {
  const { filesOn } = await import('./fake-files.ts');
  return filesOn(machine, await original());
});
vi.mock('../../base/run-command.ts', () => machine);

vi.mock('../release-home.ts', async (original) => {
  const real = await original<typeof import('../release-home.ts')>();
  return { ...real, verifyRelease: vi.fn<typeof real.verifyRelease>() };
});

const { rolloutDir, rolloutBootMark, wayBackLink, deadManUnit, releasesDir } = AGENT_HOST;
const START = `systemctl restart ${deadManUnit}`;

beforeEach(() => {
  vi.mocked(verifyRelease).mockReset().mockResolvedValue();
  machine.install('v1', ['v0', 'v1', 'v2']);
  machine.switchTo('v1', 'v0');
  machine.changes.length = 0;
});
afterEach(() => machine.destroy());

const armFrom = async (version: string): Promise<ArmAnswer> =>
  await arm(() => openRelease(`${releasesDir}/${version}`), { rollout: 7, to: 'v2', windowS: 60 });
const state = async (): Promise<unknown> => await new RolloutFiles().read();

describe('arming', () => {
  test('puts the way back on record, then has it watched', async () => {
    expect(await armFrom('v1')).toEqual({ armed: true });
    const armed = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 160.25, window_s: 60 };
    expect(await state()).toEqual({ kind: 'armed', armed });
    expect(machine.linked(wayBackLink)).toBe('v1');
    expect(machine.read(`${rolloutDir}/ballast`)).toHaveLength(256 * 1024);
    expect(machine.read(rolloutBootMark)).toBe('');
    const order = [
      'rename way-back',
      `rename ${deadManUnit}`,
      'systemctl daemon-reload',
      `systemctl enable --quiet ${deadManUnit}`,
      ...Array<string>(3).fill('writeFile ballast'), // in /var, /etc and /usr
      'writeFile convocate-rollout.armed',
      'rename armed.json',
      START,
    ];
    expect(machine.changes.filter((change) => order.includes(change))).toEqual(order);
    expect(machine.changes.at(-1)).toBe(START);
  });

  test('takes the notice of an earlier way back off the host, and a request that nobody heard', async () => {
    const { rolloutRequest } = AGENT_HOST;
    const left = [`${rolloutDir}/returned.json`, `${rolloutDir}/reason`, rolloutRequest];
    for (const path of left) machine.write(path, '{}');
    await armFrom('v1');
    for (const path of left) expect(machine.read(path)).toBeUndefined();
  });

  test('on a host that had no release before the live one notes that', async () => {
    machine.remove(AGENT_HOST.previousLink);
    await armFrom('v1');
    expect(await state()).toMatchObject({ armed: { previous: null } });
  });

  test('a release that is damaged says so: no rollout is open, and nothing watches', async () => {
    vi.mocked(verifyRelease).mockRejectedValue(new Error('lib/x is not the file that release v1 holds'));
    expect(await armFrom('v1')).toEqual({ armed: false, why: 'lib/x is not the file that release v1 holds' });
    expect(await state()).toEqual({ kind: 'settled' });
    expect(machine.changes.filter((change) => [START, 'writeFile ballast'].includes(change))).toEqual([]);
    expect(machine.linked(AGENT_HOST.currentLink)).toBe('v1');
  });

  test.each([
    ['gone', undefined, `${releasesDir}/v1 is not a release: it has no manifest.json`],
    ['not JSON', '{', `the release manifest ${releasesDir}/v1/manifest.json is damaged`],
  ])('so does one whose manifest is %s', async (_how, text, why) => {
    if (text === undefined) machine.remove(`${releasesDir}/v1/manifest.json`);
    else machine.write(`${releasesDir}/v1/manifest.json`, text);
    expect(await armFrom('v1')).toEqual({ armed: false, why });
    expect(machine.changes).toEqual([]);
  });

  test('a release that is not live is refused', async () => {
    await expect(armFrom('v2')).rejects.toMatchObject({
      message: 'release v2 is not the live one here; v1 is',
      exit: 3,
    });
    expect(machine.changes).toEqual([]);
  });

  test.each(['armed.json', 'returning.json'])(
    'is refused while there is %s of an earlier one',
    async (name) => {
      const earlier = { rollout: 6, from: 'v1', to: 'v2', previous: null, deadline_s: 1, window_s: 1 };
      machine.write(`${rolloutDir}/${name}`, JSON.stringify(earlier));
      await expect(armFrom('v1')).rejects.toMatchObject({
        message: 'an earlier rollout is still open on this host',
        exit: 3,
      });
      expect(machine.changes).toEqual([]);
    },
  );

  test('leaves nothing open where its watcher does not start', async () => {
    machine.failOn(START, () => ({ exitCode: 1, stderr: 'Job failed.' }));
    await expect(armFrom('v1')).rejects.toMatchObject({
      message: 'the dead-man timer did not start, so nothing was activated',
      exit: 1,
      details: { hint: `look at it with: journalctl -u ${deadManUnit}` },
    });
    expect(await state()).toEqual({ kind: 'settled' });
  });

  test('that is killed before any of its changes leaves no rollout, or one that ends on the live release', async () => {
    await armFrom('v1');
    const count = machine.changes.length;
    const kinds = new Set<unknown>();
    for (let kill = 0; kill < count; kill += 1) {
      machine.install('v1', ['v0', 'v1', 'v2']);
      machine.switchTo('v1', 'v0');
      expect(await machine.live(() => armFrom('v1'), kill)).toBe('killed');
      const { kind } = await new RolloutFiles().read();
      kinds.add(kind);
      if (kind === 'settled') continue;
      expect(machine.linked(wayBackLink)).toBe('v1');
      machine.write('/proc/uptime', '161.00 1.00\n');
      expect(await machine.live(() => deadMan(() => {}))).toBe('ended');
      expect([machine.linked(AGENT_HOST.currentLink), machine.running]).toEqual(['v1', 'v1']);
      expect(await state()).toEqual({ kind: 'settled' });
    }
    expect([...kinds]).toEqual(['settled', 'armed']);
  });
});
