import { describe, expect, test } from 'vitest';
import type { HostFacts } from './facts.ts';
import {
  BASE_LAYER,
  BIG_PROGRAM,
  PROGRAM,
  TOP_LAYER,
  empty,
  healthy,
  healthyDocker,
  inputFor,
  manifest,
} from './plan-fixture.ts';
import type { PlanInput } from './plan-types.ts';
import { type Decisions, bytesToSend, isNothingToDo, planUpdate } from './plan.ts';

const MIB = 1024 * 1024;
const UNIT = '/etc/systemd/system/convocate-agent.service';
const NOTHING: Decisions = {
  version: 'v2',
  imageTag: 'convocate:v2',
  fromVersion: 'v2',
  refusals: [],
  warnings: [],
  stageRelease: false,
  smallFiles: [],
  largeFiles: [],
  layers: [],
  sharedLayers: 2,
  loadImage: false,
  changes: [],
  activate: false,
  daemonReload: false,
  restart: false,
};
const plan = (facts: HostFacts, changes?: Partial<PlanInput>): Decisions =>
  planUpdate(inputFor(facts, changes));

const NO_BASE = 'sent whole: no layer there to patch from';

describe('the plan for', () => {
  test('a host that leaves a release notes it as the way back', () => {
    const links = plan({ ...healthy, liveVersion: 'v1', previousVersion: 'v0' }).changes.slice(0, 2);
    expect(links).toEqual([
      {
        path: '/usr/local/lib/convocate/previous',
        before: '-> /usr/local/lib/convocate/releases/v0\n',
        after: '-> /usr/local/lib/convocate/releases/v1\n',
      },
      {
        path: '/usr/local/lib/convocate/current',
        before: '-> /usr/local/lib/convocate/releases/v1\n',
        after: '-> /usr/local/lib/convocate/releases/v2\n',
      },
    ]);
  });

  test('a host that has the release, whole and running, is to do nothing', () => {
    expect(plan(healthy)).toEqual(NOTHING);
    expect(isNothingToDo(plan(healthy))).toBe(true);
    expect(bytesToSend({ ...plan(healthy), releaseBytes: 0 })).toBe(0);
  });

  test('first contact is everything', () => {
    expect(plan(empty)).toEqual({
      version: 'v2',
      imageTag: 'convocate:v2',
      fromVersion: undefined,
      refusals: [],
      warnings: [],
      stageRelease: true,
      smallFiles: [{ what: 'lib/convocate-agent.mjs', sha256: PROGRAM, packedBytes: 300_000, offset: 0 }],
      largeFiles: [{ what: 'runtime/node', sha256: BIG_PROGRAM, packedBytes: 40 * MIB, offset: 0 }],
      layers: [
        { what: 'image layer 1 of 2', sha256: BASE_LAYER, packedBytes: 180 * MIB, offset: 0, why: NO_BASE },
        { what: 'image layer 2 of 2', sha256: TOP_LAYER, packedBytes: 6_000, offset: 0 },
      ],
      sharedLayers: 0,
      loadImage: true,
      changes: [
        { path: UNIT, before: undefined, after: '[Unit]\nA=1\n' },
        { path: '/etc/cron.daily/convocate-image-prune', before: undefined, after: '#!/bin/sh\n' },
        {
          path: '/usr/local/lib/convocate/current',
          before: undefined,
          after: '-> /usr/local/lib/convocate/releases/v2\n',
        },
        { path: '/etc/convocate-agent/current-image', before: undefined, after: 'convocate:v2\n' },
      ],
      activate: true,
      daemonReload: true,
      restart: true,
    });
    expect(bytesToSend({ ...plan(empty), releaseBytes: 301_234 })).toBe(
      301_234 + 40 * MIB + 180 * MIB + 6_000,
    );
  });

  test('a release that changes only the image sends its last layer and no program', () => {
    const old = { id: 'sha256:old', tags: ['convocate:v1'], layers: [BASE_LAYER, 'x'] };
    const onV1: HostFacts = {
      ...healthy,
      liveVersion: 'v1',
      stamp: 'convocate:v1',
      releases: new Map([['v1', 'e'.repeat(64)]]),
      docker: { ...healthyDocker, images: [old] },
    };
    expect(plan(onV1, { missingLayers: manifest.image.layers.slice(1) })).toEqual({
      ...NOTHING,
      fromVersion: 'v1',
      stageRelease: true,
      layers: [{ what: 'image layer 2 of 2', sha256: TOP_LAYER, packedBytes: 6_000, offset: 0 }],
      sharedLayers: 1,
      loadImage: true,
      changes: [
        {
          path: '/usr/local/lib/convocate/current',
          before: '-> /usr/local/lib/convocate/releases/v1\n',
          after: '-> /usr/local/lib/convocate/releases/v2\n',
        },
        { path: '/etc/convocate-agent/current-image', before: 'convocate:v1\n', after: 'convocate:v2\n' },
      ],
      activate: true,
      restart: true,
    });
  });

  test('drift in the unit writes it back, reloads systemd and restarts, and sends nothing', () => {
    const files = new Map(healthy.files).set(UNIT, { text: '[Unit]\nA=2\n', mode: 0o644 });
    expect(plan({ ...healthy, files })).toEqual({
      ...NOTHING,
      changes: [{ path: UNIT, before: '[Unit]\nA=2\n', after: '[Unit]\nA=1\n' }],
      activate: true,
      daemonReload: true,
      restart: true,
    });
  });

  test('drift in a file that systemd does not read causes no reload', () => {
    const files = new Map(healthy.files);
    files.delete('/etc/cron.daily/convocate-image-prune');
    expect(plan({ ...healthy, files })).toMatchObject({ activate: true, daemonReload: false, restart: true });
  });

  test('drift in a mode alone is drift', () => {
    const files = new Map(healthy.files).set(UNIT, { text: '[Unit]\nA=1\n', mode: 0o666 });
    expect(plan({ ...healthy, files })).toMatchObject({ activate: true, daemonReload: true });
    expect(plan({ ...healthy, files }).changes).toEqual([
      { path: UNIT, before: '[Unit]\nA=1\n', after: '[Unit]\nA=1\n', modes: [0o666, 0o644] },
    ]);
  });

  test('a missing image alone loads it, and restarts nothing', () => {
    const facts = { ...healthy, docker: { ...healthyDocker, images: [] } };
    expect(plan(facts, { missingLayers: manifest.image.layers })).toEqual({
      ...NOTHING,
      loadImage: true,
      sharedLayers: 0,
      layers: [
        { what: 'image layer 1 of 2', sha256: BASE_LAYER, packedBytes: 180 * MIB, offset: 0, why: NO_BASE },
        { what: 'image layer 2 of 2', sha256: TOP_LAYER, packedBytes: 6_000, offset: 0 },
      ],
    });
  });

  test.each([
    ['under another tag', { tags: ['convocate-staging:v2'] }],
    ['with another id', { id: `sha256:${'9'.repeat(64)}` }],
    ['with other layers', { layers: [BASE_LAYER] }],
  ])('an image %s counts as missing, but its layers need not travel', (_how, change) => {
    const image = { ...healthyDocker.images[0]!, ...change };
    const facts = { ...healthy, docker: { ...healthyDocker, images: [image] } };
    expect(plan(facts)).toEqual({ ...NOTHING, loadImage: true });
  });

  test('an image in the containerd store is known by its manifest digest', () => {
    const image = { ...healthyDocker.images[0]!, id: `sha256:${manifest.image.manifest_digest}` };
    expect(plan({ ...healthy, docker: { ...healthyDocker, images: [image] } })).toEqual(NOTHING);
  });

  test('what an earlier transfer left is not sent again', () => {
    const parts = new Map([
      [BIG_PROGRAM, 10 * MIB],
      [TOP_LAYER, 999_999_999],
    ]);
    const made = plan({ ...empty, parts }, { missingLayers: manifest.image.layers });
    expect(made.largeFiles[0]?.offset).toBe(10 * MIB);
    expect(made.layers.map(({ offset }) => offset)).toEqual([0, 6_000]); // a part longer than the blob cannot be more than all of it
    expect(bytesToSend({ ...made, releaseBytes: 301_234 })).toBe(301_234 + 30 * MIB + 180 * MIB);
  });

  test('a blob of the wrong size is sent again, and the release is put together anew', () => {
    const blobs = new Map(healthy.blobs).set(PROGRAM, 899_999);
    expect(plan({ ...healthy, blobs })).toMatchObject({
      stageRelease: true,
      activate: true,
      restart: true,
      largeFiles: [],
    });
    expect(plan({ ...healthy, blobs }).smallFiles.map(({ sha256 }) => sha256)).toEqual([PROGRAM]);
  });

  test('another build of the same version that is not in use is put together anew', () => {
    const facts = {
      ...healthy,
      liveVersion: 'v3',
      previousVersion: 'v1',
      releases: new Map([['v2', '9'.repeat(64)]]),
    };
    expect(plan(facts)).toMatchObject({ refusals: [], stageRelease: true, activate: true, restart: true });
  });

  test('a file that occurs under two paths, or a layer that occurs twice, travels once', () => {
    const files = [...manifest.files, { path: 'copy', sha256: PROGRAM, size: 900_000, executable: false }];
    const base = manifest.image.layers.slice(0, 1);
    const image = { ...manifest.image, layers: [...base, ...base] };
    const made = plan(empty, { manifest: { ...manifest, files, image }, missingLayers: image.layers });
    expect(made.smallFiles).toHaveLength(1);
    expect(made.layers).toHaveLength(1);
  });

  test.each(['inactive', 'failed', 'activating', undefined])(
    'an agent whose unit is %s is started',
    (state) => {
      const { ActiveState: _state, ...rest } = healthy.unit;
      const unit: Record<string, string> = state === undefined ? rest : { ...rest, ActiveState: state };
      expect(plan({ ...healthy, unit })).toEqual({ ...NOTHING, restart: true });
    },
  );
});

test.each([
  [{ NeedDaemonReload: 'yes' }, true],
  [{ UnitFileState: 'disabled' }, false],
] as const)('a unit that systemd knows as %j is activated again', (what, daemonReload) => {
  expect(plan({ ...healthy, unit: { ...healthy.unit, ...what } })).toEqual({
    ...NOTHING,
    activate: true,
    daemonReload,
    restart: true,
  });
});

test.each(['v1', undefined])(
  'an agent whose process is of %s is restarted, as after a rollout that was cut off',
  (version) => {
    const { runningVersion: _running, ...rest } = healthy;
    expect(plan(version === undefined ? rest : { ...rest, runningVersion: version })).toEqual({
      ...NOTHING,
      restart: true,
    });
  },
);

const refusals = (facts: HostFacts, changes?: Partial<PlanInput>): readonly string[] =>
  plan(facts, changes).refusals;

describe('a host is refused', () => {
  const noDocker = ((): HostFacts => {
    const { docker: _docker, ...rest } = healthy;
    return rest;
  })();

  test.each<[string, HostFacts, string]>([
    [
      'for its CPU',
      { ...healthy, machine: 'aarch64' },
      'its CPU is aarch64; this release is built for x86_64',
    ],
    [
      'for its C library',
      { ...healthy, glibc: '2.9' },
      'its C library is glibc 2.9; this release needs 2.28 or later',
    ],
    [
      'for an unknown C library',
      { ...healthy, glibc: '' },
      'its C library is glibc of no known version; this release needs 2.28 or later',
    ],
    ['without libstdc++', { ...healthy, libstdcxx: false }, 'libstdc++6 is not installed'],
    ['without systemd', { ...healthy, systemd: false }, 'systemd does not run there'],
    ['without Docker', noDocker, 'Docker is missing or does not answer: systemctl status docker'],
    [
      "for Docker's cgroup driver",
      { ...healthy, docker: { ...healthyDocker, cgroupDriver: 'cgroupfs' } },
      "Docker's cgroup driver is cgroupfs, not systemd",
    ],
    [
      'that runs another build of the same version',
      { ...healthy, releases: new Map([['v2', '9'.repeat(64)]]) },
      'it holds another build of v2, and a release never changes: commit, and build again',
    ],
    [
      'that could go back to another build of the same version',
      { ...healthy, liveVersion: 'v3', previousVersion: 'v2', releases: new Map([['v2', '9'.repeat(64)]]) },
      'it holds another build of v2, and a release never changes: commit, and build again',
    ],
    [
      'of another cluster',
      { ...healthy, allowedSigners: 'their signers\n' },
      "it takes releases from another cluster only; where that one's signing key is gone for good, remove " +
        '/etc/convocate-agent/allowed_signers there, then run init-agent for it',
    ],
  ])('%s', (_why, facts, refusal) => {
    expect(refusals(facts)).toEqual([refusal]);
  });

  test.each(['2.28', '2.28.1', '2.36', '2.100', '3.0', '3'])('but not with glibc %s', (glibc) => {
    expect(refusals({ ...healthy, glibc })).toEqual([]);
  });
  test.each(['2.27', '2.9', '2', '1.99', 'musl', '2.x'])('with glibc %s', (glibc) => {
    expect(refusals({ ...healthy, glibc })).toHaveLength(1);
  });

  test('for all its faults at once', () => {
    expect(refusals({ ...healthy, machine: 'arm', libstdcxx: false, systemd: false })).toHaveLength(3);
  });

  test('where the disk is too small for the program and the image on its way', () => {
    const needed = (100 * MIB + 900_000) * 2 + (500 * MIB + 20_000) * 2 + 64 * MIB;
    const onDisk = (bytes: number): HostFacts => ({
      ...empty,
      freeBytes: new Map([
        ['/usr/local/lib', 90_000 * MIB],
        ['/var/lib', bytes],
      ]),
    });
    const changes = { missingLayers: manifest.image.layers };
    expect(refusals(onDisk(needed), changes)).toEqual([]);
    expect(refusals(onDisk(needed - 1), changes)).toEqual([
      'its disk is too small: 1266 MiB free at /var/lib, 1266 needed for the program and the image on its way',
    ]);
  });

  test("where Docker's disk is too small for the image", () => {
    const facts = { ...empty, docker: { ...healthyDocker, images: [], freeBytes: 100 * MIB } };
    expect(refusals(facts, { missingLayers: manifest.image.layers })).toEqual([
      "its disk is too small: 100 MiB free at Docker's data, 1065 needed for the image",
    ]);
  });

  test('but a full disk does not matter where nothing has to be put on it', () => {
    const full = {
      ...healthy,
      freeBytes: new Map([['/var/lib', 0]]),
      docker: { ...healthyDocker, freeBytes: 0 },
    };
    expect(plan(full)).toEqual(NOTHING);
  });
});

const container = (uuid: string, image: string, running: boolean) => ({
  id: `id-${uuid}`,
  name: `convocate-session-${uuid}`,
  image,
  imageId: 'sha256:x',
  startedAt: 'then',
  running,
});

describe('a warning', () => {
  test('names each running session on another image, and is no reason to do or refuse anything', () => {
    const containers = [
      container('one', 'convocate:v1', true),
      container('two', 'convocate:v2', true),
      container('three', 'convocate:v1', false),
      container('four', 'convocate:v0', true),
    ];
    const sessionNames = new Map([['one', 'api']]);
    expect(plan({ ...healthy, sessionNames, docker: { ...healthyDocker, containers } })).toEqual({
      ...NOTHING,
      warnings: [
        'session api (one) runs on convocate:v1 and stays there until its (K)ill and (R)estart',
        'session four (four) runs on convocate:v0 and stays there until its (K)ill and (R)estart',
      ],
    });
  });
});
