import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/errors.ts';
import { knownHostsLine } from './host-key.ts';
import { checkTarget, sshOptions } from './ssh-target.ts';

describe('a host name', () => {
  test.each([
    'agent-a',
    'a.example.org',
    '10.0.0.1',
    'fe80::1%eth0',
    '::1'.replace('::', '0::'),
    'my_alias',
    'A1',
  ])('may be %s', (host) => {
    expect(() => checkTarget(host)).not.toThrow();
  });

  test.each(['', '-oProxyCommand=id', '--', 'a b', 'a;b', 'a\nb', 'user@host', '$(id)', 'ä', 'a/b', '.a'])(
    'is not %j',
    (host) => {
      expect(() => checkTarget(host)).toThrow(UsageError);
    },
  );
});

describe('a user name', () => {
  test.each(['root', 'ops', '_x', 'a.b-c'])('may be %s', (user) => {
    expect(() => checkTarget('host', user)).not.toThrow();
  });
  test.each(['', '-l', 'a b', 'a@b', '1a', 'a\n'])('is not %j', (user) => {
    expect(() => checkTarget('host', user)).toThrow(
      new UsageError(`not a user name: ${JSON.stringify(user)}`),
    );
  });
});

test('the options of every ssh: the pinned key only, no forwarding, no waiting for ever', () => {
  const options = sshOptions({ host: 'agent-a', knownHostsFile: '/tmp/known_hosts' });
  expect(options.filter((word) => word !== '-o')).toEqual([
    'IgnoreUnknown=*',
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'UserKnownHostsFile=/tmp/known_hosts',
    'GlobalKnownHostsFile=/dev/null',
    'KnownHostsCommand=none',
    'VerifyHostKeyDNS=no',
    'HostKeyAlias=agent-a',
    'HostKeyAlgorithms=ssh-ed25519',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'RemoteCommand=none',
    'RequestTTY=no',
    'LogLevel=ERROR',
  ]);
  expect(options.filter((word) => word === '-o')).toHaveLength(20);
  expect(sshOptions({ host: 'agent-a', user: 'ops', knownHostsFile: '/x' }).slice(-2)).toEqual(['-l', 'ops']);
});

test('the known_hosts line has the name the operator uses', () => {
  expect(knownHostsLine('agent-a', 'ssh-ed25519 AAAA')).toBe('agent-a ssh-ed25519 AAAA\n');
});
