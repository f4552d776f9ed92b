import type { Manifest } from '../release/manifest.ts';
import type { HostFacts } from './facts.ts';
import { type PatchOffer, planLayers } from './plan-layers.ts';
import type { PlanInput } from './plan-types.ts';

/** A release and a host that has it, whole and running: tests say only what is different. */

const digest = (letter: string): string => letter.repeat(64);
export const PROGRAM = digest('a');
export const BIG_PROGRAM = digest('b');
export const BASE_LAYER = digest('1');
export const TOP_LAYER = digest('2');
export const MANIFEST_DIGEST = digest('f');
const MIB = 1024 * 1024;

export const manifest: Manifest = {
  format: 1,
  version: 'v2',
  git_revision: '53e82ab',
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: digest('0'),
  files: [
    { path: 'lib/convocate-agent.mjs', sha256: PROGRAM, size: 900_000, executable: false },
    { path: 'runtime/node', sha256: BIG_PROGRAM, size: 100 * MIB, executable: true },
  ],
  image: {
    tag: 'convocate:v2',
    config_digest: digest('c'),
    manifest_digest: digest('d'),
    layers: [
      { diff_id: BASE_LAYER, size: 500 * MIB },
      { diff_id: TOP_LAYER, size: 20_000 },
    ],
    base: 'ubuntu:24.04',
    toolchain: 'full',
  },
};

const UNIT = {
  path: '/etc/systemd/system/convocate-agent.service',
  mode: 0o644,
  systemd: true,
  text: '[Unit]\nA=1\n',
};
const CRON = {
  path: '/etc/cron.daily/convocate-image-prune',
  mode: 0o755,
  systemd: false,
  text: '#!/bin/sh\n',
};

export const healthyDocker: NonNullable<HostFacts['docker']> = {
  version: '20.10.24',
  cgroupDriver: 'systemd',
  liveRestore: true,
  freeBytes: 50_000 * MIB,
  images: [{ id: `sha256:${digest('c')}`, tags: ['convocate:v2'], layers: [BASE_LAYER, TOP_LAYER] }],
  containers: [],
};

/** A host on which `v2` is live. */
export const healthy: HostFacts = {
  machine: 'x86_64',
  glibc: '2.36',
  libstdcxx: true,
  systemd: true,
  cores: 2,
  memoryBytes: 8 * 1024 * MIB,
  availableMemoryBytes: 4 * 1024 * MIB,
  agentId: 'abcd1234',
  stamp: 'convocate:v2',
  liveVersion: 'v2',
  previousVersion: 'v1',
  runningVersion: 'v2',
  allowedSigners: 'our signers\n',
  releases: new Map([['v2', MANIFEST_DIGEST]]),
  blobs: new Map([
    [PROGRAM, 900_000],
    [BIG_PROGRAM, 100 * MIB],
  ]),
  parts: new Map(),
  unit: { ActiveState: 'active', SubState: 'running', UnitFileState: 'enabled', NeedDaemonReload: 'no' },
  sessionNames: new Map(),
  files: new Map([UNIT, CRON].map(({ path, text, mode }) => [path, { text, mode }])),
  freeBytes: new Map([
    ['/usr/local/lib/convocate', 50_000 * MIB],
    ['/var/lib', 50_000 * MIB],
  ]),
  docker: healthyDocker,
};

/** A host that convocate never touched. */
export const empty: HostFacts = {
  machine: 'x86_64',
  glibc: '2.36',
  libstdcxx: true,
  systemd: true,
  cores: 2,
  memoryBytes: 8 * 1024 * MIB,
  availableMemoryBytes: 4 * 1024 * MIB,
  allowedSigners: '',
  releases: new Map(),
  blobs: new Map(),
  parts: new Map(),
  unit: { ActiveState: 'inactive' },
  sessionNames: new Map(),
  files: new Map(),
  freeBytes: healthy.freeBytes,
  docker: { ...healthyDocker, images: [] },
};

export interface InputChanges extends Partial<PlanInput> {
  /** Layers that the shell host has besides those of the release, and the patches that were made from them. */
  readonly storedLayers?: ReadonlyMap<string, number>;
  readonly offers?: ReadonlyMap<string, PatchOffer>;
}

export function inputFor(facts: HostFacts, changes: InputChanges = {}): PlanInput {
  const input = {
    facts,
    manifest,
    manifestDigest: MANIFEST_DIGEST,
    packedBytes: new Map([
      [PROGRAM, 300_000],
      [BIG_PROGRAM, 40 * MIB],
      [BASE_LAYER, 180 * MIB],
      [TOP_LAYER, 6_000],
    ]),
    hostFiles: [UNIT, CRON],
    missingLayers: facts === empty ? manifest.image.layers : [],
    paths: {
      allowedSigners: '/etc/convocate-agent/allowed_signers',
      stamp: '/etc/convocate-agent/current-image',
      current: '/usr/local/lib/convocate/current',
      previous: '/usr/local/lib/convocate/previous',
      releasesDir: '/usr/local/lib/convocate/releases',
    },
    signers: 'our signers\n',
    storedLayers: new Map<string, number>(),
    ...changes,
  };
  return { ...input, layers: planLayers(input, changes.offers ?? new Map<string, PatchOffer>()) };
}
