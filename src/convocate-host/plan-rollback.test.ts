import { describe, expect, test } from 'vitest';
import type { HostFacts } from './facts.ts';
import { BIG_PROGRAM, PROGRAM, healthy, healthyDocker, inputFor } from './plan-fixture.ts';
import { planRollback } from './plan-rollback.ts';
import type { Plan } from './plan-types.ts';
import { bytesToSend, isNothingToDo } from './plan.ts';

/** v3 is live, and came from v2. */
const onV3: HostFacts = {
  ...healthy,
  liveVersion: 'v3',
  previousVersion: 'v2',
  runningVersion: 'v3',
  stamp: 'convocate:v3',
};
const plan = (facts: HostFacts): Plan => planRollback(inputFor(facts));

describe('the plan of a rollback', () => {
  test('is that of an update to a release that is all there: nothing is sent', () => {
    const links = '-> /usr/local/lib/convocate/releases/';
    expect(plan(onV3)).toEqual({
      version: 'v2',
      imageTag: 'convocate:v2',
      fromVersion: 'v3',
      refusals: [],
      warnings: [],
      stageRelease: false,
      smallFiles: [],
      releaseBytes: 0,
      largeFiles: [],
      layers: [],
      sharedLayers: 2,
      loadImage: false,
      changes: [
        {
          path: '/usr/local/lib/convocate/previous',
          before: `${links}v2\n`,
          after: `${links}v3\n`,
        },
        { path: '/usr/local/lib/convocate/current', before: `${links}v3\n`, after: `${links}v2\n` },
        { path: '/etc/convocate-agent/current-image', before: 'convocate:v3\n', after: 'convocate:v2\n' },
      ],
      activate: true,
      daemonReload: false,
      restart: true,
    });
  });

  test('to what is live and runs is nothing to do', () => {
    expect(isNothingToDo(plan(healthy))).toBe(true);
  });

  test('believes the host about whose releases it takes: it proves the signature itself', () => {
    expect(plan({ ...onV3, allowedSigners: 'whoever\n' }).refusals).toEqual([]);
  });

  test.each<[string, Partial<HostFacts>, string]>([
    [
      'files',
      { blobs: new Map([[BIG_PROGRAM, healthy.blobs.get(BIG_PROGRAM) ?? 0]]) },
      'files of release v2 are missing on it',
    ],
    [
      'the image',
      { docker: { ...healthyDocker, images: [] } },
      'its Docker does not have the image convocate:v2 whole',
    ],
    [
      'a layer',
      { docker: { ...healthyDocker, images: [{ ...healthyDocker.images[0]!, layers: [PROGRAM] }] } },
      'its Docker does not have the image convocate:v2 whole',
    ],
  ])('refuses where %s would have to be sent, and sends nothing', (_what, facts, refusal) => {
    const made = plan({ ...onV3, ...facts });
    expect(made).toMatchObject({ refusals: [refusal], stageRelease: false, loadImage: false });
    expect([made.smallFiles, made.largeFiles, made.layers, bytesToSend(made)]).toEqual([[], [], [], 0]);
  });

  test('refuses for all that an update refuses for, too', () => {
    expect(plan({ ...onV3, systemd: false, blobs: new Map() }).refusals).toEqual([
      'systemd does not run there',
      'files of release v2 are missing on it',
    ]);
  });
});
