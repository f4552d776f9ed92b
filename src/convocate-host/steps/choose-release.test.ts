import { beforeEach, describe, expect, test, vi } from 'vitest';
import { RefusedError } from '../../base/errors.ts';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { HOST_FILES } from '../../release/host-files.ts';
import { withLines } from '../facts-fixture.ts';
import { readingRelease } from '../host-release-fixture.ts';
import { scriptArgv } from '../host-scripts.ts';
import { READ_FACTS } from '../look-scripts.ts';
import { planWith, rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import { chooseRelease, proveRelease } from './choose-release.ts';
import { OPEN_RECORD, record } from './dead-man-fixture.ts';
import { lookAtStatusLink } from './status-link.ts';

vi.mock('./status-link.ts');
const link = { up: true, since: '2026-01-01T00:00:00Z', version: 'v2' };
beforeEach(() => void vi.mocked(lookAtStatusLink).mockReset().mockResolvedValue(link));

type Lines = Parameters<typeof withLines>;
const { libDir, configDir, stateDir, unit } = AGENT_HOST;
const releases = `${libDir}/releases`;
const held = (...versions: string[]): Lines =>
  versions.map((version) => ['release', `${'f'.repeat(64)}  ${releases}/${version}/manifest.json`] as const);
/** v2 is live and came from v1; v0 is there too. */
const ON_V2: Lines = [
  ['current', `${releases}/v2`],
  ['previous', `${releases}/v1`],
  ...held('v2', 'v0', 'v1'),
];
const look = (...lines: Lines): ExpectedCall => ({
  argv: scriptArgv(READ_FACTS, libDir, configDir, stateDir, unit, ...HOST_FILES.map((file) => file.to)),
  answer: { stdout: withLines(...lines) },
});
const choose = (to: string | undefined, ...script: ExpectedCall[]): Promise<ToldRollout> =>
  runStep(chooseRelease(to), script, { record });

describe('the release to go back to', () => {
  test('is the one before, and all that is decided is decided about that', async () => {
    const rollout = await choose(undefined, look(...ON_V2), readingRelease('v1'));
    expect(rollout.release?.manifest.version).toBe('v1');
    expect(rollout.plan).toMatchObject({ fromVersion: 'v2', version: 'v1', imageTag: 'convocate:v1' });
    expect(rollout.facts?.liveVersion).toBe('v2');
    expect(rollout.statusLinkBefore).toEqual(link);
    expect(lookAtStatusLink).toHaveBeenCalledWith('abcd1234');
  });

  test.each(['v0', 'v2'])('is %s where it is named', async (to) => {
    expect((await choose(to, look(...ON_V2), readingRelease(to))).plan?.version).toBe(to);
  });

  test('is what an open rollout left, also where the host went back to it meanwhile', async () => {
    const host = fakeHost('agent-a', [
      look(...ON_V2, OPEN_RECORD),
      readingRelease('v1'),
      look(['current', `${releases}/v1`], ['previous', `${releases}/v0`], ...held('v0', 'v1', 'v2')),
      readingRelease('v1'),
    ]);
    const rollout = rolloutOn(host, { record });
    const step = chooseRelease(undefined);
    await step.run(rollout);
    await step.run(rollout); // after the host has taken the open one back
    expect(rollout.plan).toMatchObject({ fromVersion: 'v1', version: 'v1' });
    await host.close();
    host.assertDone();
  });

  test.each<[string, string | undefined, Lines, string, string]>([
    ['is not noted', undefined, held('v2', 'v1'), 'no earlier release is noted', 'it holds: v1, v2'],
    ['is gone', undefined, [ON_V2[0]!, ON_V2[1]!, ...held('v2')], 'no release v1 is', 'it holds: v2'],
    ['was never there', 'v7', ON_V2, 'no release v7 is', 'it holds: v0, v1, v2'],
    ['is wanted of an empty host', 'v1', [], 'no release v1 is', 'it holds: none'],
  ])('that %s is refused, with what the host holds', async (_what, to, lines, message, output) => {
    const refused = choose(to, look(...lines));
    await expect(refused).rejects.toThrow(RefusedError);
    await expect(choose(to, look(...lines))).rejects.toMatchObject({
      message: `${message} on this host; nothing was changed`,
      exit: 3,
      details: { host: 'agent-a', output },
    });
  });
});

describe('proving it', () => {
  const argv = [`${releases}/v1/convocate-agent`, 'prove'];
  const back = planWith({ fromVersion: 'v2', version: 'v1' });

  test('is left to the host', async () => {
    await runStep(proveRelease, [{ argv }], back);
  });

  test('that fails is a refusal with the reason: nothing was changed yet', async () => {
    const failing = runStep(
      proveRelease,
      [{ argv, answer: { exitCode: 1, stderr: 'lib/x is not the file' } }],
      back,
    );
    await expect(failing).rejects.toMatchObject({
      message: 'release v1 is not whole on this host; nothing was changed',
      exit: 3,
      details: { host: 'agent-a', argv, exitCode: 1, output: 'lib/x is not the file' },
    });
  });

  test('is not needed where it is live already', () => {
    const host = fakeHost('agent-a', []);
    const live = planWith({ fromVersion: 'v1', version: 'v1' });
    expect([
      proveRelease.isDone?.(rolloutOn(host, live)),
      proveRelease.isDone?.(rolloutOn(host, back)),
    ]).toEqual([true, false]);
  });
});
