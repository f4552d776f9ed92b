import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { containerBody } from '../docker/container-body.ts';
import { containerSpec, hostnameOf } from './container-spec.ts';

const uuid = '11111111-1111-4111-8111-111111111111';
const session = {
  format: 1,
  uuid,
  name: 'my_session',
  port: 2000,
  protocol: 'udp',
  dns_name: '',
  created_at: '',
  last_accessed: '',
} as const;
const input = {
  session,
  agentId: 'agent001',
  image: 'convocate:v1.2.3',
  home: `/home/claude/${uuid}`,
  settings: DEFAULT_SETTINGS,
  chosen: { start: 'session' as const, command: '/usr/local/bin/claude', why: '' },
  shares: [{ source: '/usr/local/bin/claude', target: '/usr/local/bin/claude', readOnly: true }],
  variables: { ANTHROPIC_API_KEY: 'k', CONVOCATE_COMMAND: 'not this' },
  owner: { uid: 1337, gid: 1337 },
  cgroupParent: 'convocate-sessions.slice',
};

test('what Docker is asked for, in full', () => {
  expect(containerBody(containerSpec(input))).toEqual({
    name: `convocate-session-${uuid}`,
    Image: 'convocate:v1.2.3',
    Hostname: 'my-session',
    Env: [
      'ANTHROPIC_API_KEY=k',
      'CONVOCATE_COMMAND=/usr/local/bin/claude',
      'CONVOCATE_UID=1337',
      'CONVOCATE_GID=1337',
    ],
    Labels: {
      'convocate.session': uuid,
      'convocate.agent': 'agent001',
      'convocate.version': 'v1.2.3',
      'convocate.profile': 'boxed',
      'convocate.start': 'session',
    },
    StopTimeout: 10,
    ExposedPorts: { '2000/udp': {} },
    HostConfig: {
      Init: true,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      Mounts: [
        { Type: 'bind', Source: `/home/claude/${uuid}`, Target: '/home/claude', ReadOnly: false },
        { Type: 'bind', Source: '/usr/local/bin/claude', Target: '/usr/local/bin/claude', ReadOnly: true },
      ],
      PortBindings: { '2000/udp': [{ HostPort: '2000' }] },
      CapDrop: ['MKNOD', 'NET_RAW'],
      PidsLimit: 4096,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      CgroupParent: 'convocate-sessions.slice',
    },
  });
});

test('without a port nothing is published', () => {
  const body = containerBody(containerSpec({ ...input, session: { ...session, port: 0 } }));
  expect(body.ExposedPorts).toEqual({});
  expect(body.HostConfig?.PortBindings).toEqual({});
});

test.each([
  ['one', '', 'one'],
  ['one', 'web.example', 'web.example'],
  ['_', '', '11111111'],
  ['-x-', '', 'x'],
  ['a'.repeat(64), '', 'a'.repeat(63)],
])('the host name of "%s" with DNS name "%s" is "%s"', (name, dns_name, hostname) => {
  expect(hostnameOf({ uuid, name, dns_name })).toBe(hostname);
});
