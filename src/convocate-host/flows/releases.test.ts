import { expect, test } from 'vitest';
import type { ContainerFact } from '../docker-facts.ts';
import type { HostFacts } from '../facts.ts';
import { healthy, healthyDocker } from '../plan-fixture.ts';
import { describeReleases, formatReleases } from './releases.ts';

const digest = 'f'.repeat(64);
const imageOf = (version: string) => ({
  id: `sha256:${version}`,
  tags: [`convocate:${version}`],
  layers: [],
});
const session = (uuid: string, image: string, imageId = 'sha256:other', running = true): ContainerFact => ({
  id: `id-${uuid}`,
  name: `convocate-session-${uuid}`,
  image,
  imageId,
  startedAt: 'then',
  running,
});

const facts: HostFacts = {
  ...healthy,
  liveVersion: 'v3',
  previousVersion: 'v2',
  releases: new Map(['v3', 'v0', 'v2', 'v1'].map((version) => [version, digest])),
  sessionNames: new Map([
    ['one', 'web'],
    ['two', 'api'],
  ]),
  docker: {
    ...healthyDocker,
    images: [imageOf('v1'), imageOf('v3')],
    containers: [
      session('one', 'convocate:v1'),
      session('two', 'sha256:v1', 'sha256:v1', false),
      session('three', 'convocate:v3'),
    ],
  },
};

test('each release is told with what keeps it on the host', () => {
  expect(describeReleases(facts)).toEqual([
    { version: 'v0', live: false, previous: false, image: false, sessions: [], pinned_by: [] },
    {
      version: 'v1',
      live: false,
      previous: false,
      image: true,
      sessions: ['api', 'web'],
      pinned_by: ['sessions'],
    },
    { version: 'v2', live: false, previous: true, image: false, sessions: [], pinned_by: ['previous'] },
    {
      version: 'v3',
      live: true,
      previous: false,
      image: true,
      sessions: ['three'],
      pinned_by: ['live', 'sessions'],
    },
  ]);
});

test('a host whose Docker does not answer still tells what it holds', () => {
  const { docker: _docker, ...rest } = facts;
  expect(describeReleases(rest).map(({ version, image, sessions }) => [version, image, sessions])).toEqual([
    ['v0', false, []],
    ['v1', false, []],
    ['v2', false, []],
    ['v3', false, []],
  ]);
});

test('people read it as a table', () => {
  const releases = describeReleases(facts);
  const table = formatReleases({ releases, isRecordDamaged: false });
  expect(table).toBe(
    `
RELEASE  IS        IMAGE    USED BY            NEXT PRUNE
v0                 missing                     goes with the next prune
v1                 there    sessions api, web  stays
v2       previous  missing                     stays
v3       live      there    sessions three     stays
`.trim(),
  );
  expect(formatReleases({ releases, isRecordDamaged: true })).toBe(
    `${table}\n\na rollout is open on this host whose record is damaged: it has no way back, and prunes nothing, until an update or a rollback closes that`,
  );
});
