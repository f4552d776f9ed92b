import { describe, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { fakeHost } from '../host-access/fake-host.ts';
import { BARE, factsLines, withLines } from './facts-fixture.ts';
import { gatherFacts, parseFacts } from './facts.ts';
import { scriptArgv } from './host-scripts.ts';
import { READ_FACTS } from './look-scripts.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const D = (letter: string): string => letter.repeat(64);
const UUID = '0b6f3c1e-8a52-4d7b-9c01-2f3e4d5c6b7a';

test('an empty host', () => {
  expect(parseFacts(factsLines(BARE), 'agent-a')).toEqual({
    machine: 'x86_64',
    glibc: '2.36',
    libstdcxx: true,
    systemd: true,
    cores: 2,
    memoryBytes: 8_192_000_000,
    availableMemoryBytes: 3_072_000_000,
    allowedSigners: '',
    releases: new Map(),
    blobs: new Map(),
    parts: new Map(),
    unit: {},
    sessionNames: new Map(),
    files: new Map(),
    freeBytes: new Map([
      ['/usr/local/lib', 1_024_000],
      ['/var/lib', 2_048_000],
    ]),
  });
});

test('a host with everything', () => {
  const output = withLines(
    ['agent_id', 'abcd1234'],
    ['stamp', 'convocate:v2'],
    ['current', '/usr/local/lib/convocate/releases/v2'],
    ['previous', '/usr/local/lib/convocate/releases/v1'],
    ['running', '/usr/local/lib/convocate/releases/v2/runtime/node'],
    ['signers', b64('convocate-cluster key\n')],
    ['release', `${D('e')}  /usr/local/lib/convocate/releases/v1/manifest.json`],
    ['release', `${D('f')}  /usr/local/lib/convocate/releases/v2/manifest.json`],
    ['blob', `900000 /usr/local/lib/convocate/blobs/${D('a')}`],
    ['blob', `1234 /usr/local/lib/convocate/blobs/${D('b')}.gz.part`],
    ['blob', `77 /usr/local/lib/convocate/blobs/${D('b')}.tmp`],
    ['blob', `55 /var/lib/convocate-agent/staging/${D('c')}.zst.part`],
    ['session', `${UUID} ${b64('{"uuid":"x","name": "api-1"}')}`],
    ['session', `damaged ${b64('not JSON')}`],
    ['session', 'empty '],
    ['unit', b64('ActiveState=active\nSubState=running\nNRestarts=0\nX=a=b\n')],
    ['file', `/etc/systemd/system/convocate-agent.service 644 ${b64('[Unit]\nA=ä\n')}`],
    ['file', `/etc/cron.daily/convocate-image-prune 755 `],
    ['disk', '1000 /usr/local/lib/convocate'],
    ['disk', '3000 docker'],
    [
      'docker_info',
      b64(
        JSON.stringify({
          ServerVersion: '20.10.24',
          CgroupDriver: 'systemd',
          LiveRestoreEnabled: true,
          Other: 1,
        }),
      ),
    ],
    ['image', `"sha256:${D('c')}" ["convocate:v2","x:y"] ["sha256:${D('1')}","sha256:${D('2')}"]`],
    ['image', '"sha256:none" [] null'],
    ['image', '"sha256:null" null []'],
    [
      'container',
      `"c1" "/convocate-session-${UUID}" "convocate:v1" "sha256:i" "2026-01-02T03:04:05.678Z" true`,
    ],
  );
  expect(parseFacts(output, 'agent-a')).toEqual({
    machine: 'x86_64',
    glibc: '2.36',
    libstdcxx: true,
    systemd: true,
    cores: 2,
    memoryBytes: 8_192_000_000,
    availableMemoryBytes: 3_072_000_000,
    agentId: 'abcd1234',
    stamp: 'convocate:v2',
    liveVersion: 'v2',
    previousVersion: 'v1',
    runningVersion: 'v2',
    allowedSigners: 'convocate-cluster key\n',
    releases: new Map([
      ['v1', D('e')],
      ['v2', D('f')],
    ]),
    blobs: new Map([[D('a'), 900_000]]),
    parts: new Map([
      [D('b'), 1234],
      [D('c'), 55],
    ]),
    unit: { ActiveState: 'active', SubState: 'running', NRestarts: '0', X: 'a=b' },
    sessionNames: new Map([
      [UUID, 'api-1'],
      ['damaged', 'damaged'],
      ['empty', 'empty'],
    ]),
    files: new Map([
      ['/etc/systemd/system/convocate-agent.service', { text: '[Unit]\nA=ä\n', mode: 0o644 }],
      ['/etc/cron.daily/convocate-image-prune', { text: '', mode: 0o755 }],
    ]),
    freeBytes: new Map([
      ['/usr/local/lib/convocate', 1_024_000],
      ['docker', 3_072_000],
    ]),
    docker: {
      version: '20.10.24',
      cgroupDriver: 'systemd',
      liveRestore: true,
      freeBytes: 3_072_000,
      images: [
        { id: `sha256:${D('c')}`, tags: ['convocate:v2', 'x:y'], layers: [D('1'), D('2')] },
        { id: 'sha256:none', tags: [], layers: [] },
        { id: 'sha256:null', tags: [], layers: [] },
      ],
      containers: [
        {
          id: 'c1',
          name: `convocate-session-${UUID}`,
          image: 'convocate:v1',
          imageId: 'sha256:i',
          startedAt: '2026-01-02T03:04:05.678Z',
          running: true,
        },
      ],
    },
  });
});

test.each(['', b64('{}'), b64('{"ServerVersion":"20.10"}')])('Docker info %j is no Docker', (info) => {
  expect(parseFacts(withLines(['docker_info', info]), 'agent-a').docker).toBe(undefined);
});

describe('facts that make no sense are an error that shows them', () => {
  const info = [
    'docker_info',
    b64(JSON.stringify({ ServerVersion: '20', CgroupDriver: 'systemd', LiveRestoreEnabled: true })),
  ] as const;
  const nonsense: Record<string, string> = {
    nothing: '',
    'the banner of a shell': 'Welcome to agent-a!\n',
    'no machine': withLines(['machine', '']),
    'no cores': withLines(['cores', '0']),
    'cores in words': withLines(['cores', 'two']),
    'no memory': withLines(['memory_kib', '']),
    'an image that is no JSON': withLines(info, ['image', 'sha256:x [] []']),
    'an image of other values': withLines(info, ['image', '"sha256:x" 1 2']),
    'half a container': withLines(info, ['container', '"c1" "/name"']),
    'Docker info that is no JSON': withLines(['docker_info', b64('{')]),
  };
  test.each(Object.entries(nonsense))('%s', (_what, output) => {
    const error = ((): unknown => {
      try {
        return parseFacts(output, 'agent-a');
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      message: 'the host told facts that make no sense',
      details: { host: 'agent-a', output },
    });
  });
});

test('they are gathered in one round trip, with the paths as arguments', async () => {
  const argv = scriptArgv(
    READ_FACTS,
    '/usr/local/lib/convocate',
    '/etc/convocate-agent',
    '/var/lib/convocate-agent',
    'convocate-agent.service',
    '/etc/x',
    '/etc/y',
  );
  await using host = fakeHost('agent-a', [{ argv, answer: { stdout: factsLines(BARE) } }]);
  expect((await gatherFacts(host, ['/etc/x', '/etc/y'])).machine).toBe('x86_64');
});
