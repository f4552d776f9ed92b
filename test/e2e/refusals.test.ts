// What `convocate-host update` refuses, and that a refusal changes nothing: release B is installed on the shell host, the
// agent is on A, and each obstacle is put into B's way for real.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { userWithoutSudo } from '../../lab/ssh-access.ts';
import { freshCluster } from './support/fresh-lab.ts';
import {
  type Pictures,
  expectNothingChanged,
  expectRefusal,
  expectUnchanged,
  pictureOf,
} from './support/refusal.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import { runUpdate } from './support/rollout-run.ts';

const labName = 'refusals-test';
const versionA = 'v0.8.10';
const versionB = 'v0.8.11';
const setUpMs = 15 * 60_000;
const mebibyte = 1024 ** 2;
/** First in sudo's secure_path, so that it is found before the real one. */
const wrapperDirectory = '/usr/local/sbin';

let lab: Lab;
let shell: Machine;
let agent: Machine;

const updateOf = (host: string, ...extra: string[]): string[] => [
  ...['convocate-host', 'update', '--host', host, '--soak', '1s', ...extra],
];

const initAgentWith = (...words: string[]): string[] => ['convocate-host', 'init-agent', ...words];

const unfit = /cannot take release v0\.8\.11; nothing was changed/;

/** The agent answers, on A, by link, stamp, program and RPC. */
async function expectOnA(): Promise<void> {
  expect(await liveRelease(agent)).toEqual(wholly(versionA));
  const { stdout } = await shell.run(['convocate-host', 'status', '--json']);
  expect(JSON.parse(stdout)).toMatchObject([{ host: 'agent-a', up: true, version: versionA }]);
}

/** Puts a program before the system's own of that name, for as long as `act` takes. */
async function withWrapper(name: string, script: string, act: () => Promise<void>): Promise<void> {
  const path = `${wrapperDirectory}/${name}`;
  await agent.writeFile(path, `#!/bin/sh\n${script}\n`, { mode: '0755' });
  try {
    await act();
  } finally {
    await agent.run(['rm', path]);
  }
}

beforeAll(async () => {
  const treeA = await buildRelease({ version: versionA });
  const treeB = await buildRelease({ version: versionB });
  lab = await freshCluster({ name: labName, agents: 1, tree: treeA });
  shell = lab.shell;
  agent = lab.agent(0);
  await moveShellTo(lab, treeB);
}, setUpMs);

afterAll(() => lab?.close());

test('another host key than the pinned one', async () => {
  const pinned = await agent.sshHostFingerprint();
  await agent.swapHostKey();
  try {
    const presented = await agent.sshHostFingerprint();
    expect(presented).not.toBe(pinned);
    await expectNothingChanged([shell, agent], async () => {
      const says = [/host's SSH key is not the one that was pinned/, pinned, presented];
      await expectRefusal(shell, updateOf('agent-a'), { host: 'agent-a', says, next: /--host-key/ });
      const initAgain = initAgentWith('--host', 'agent-a');
      await expectRefusal(shell, initAgain, { host: 'agent-a', says, next: /--host-key/ });
    });
  } finally {
    await agent.restoreHostKey();
  }
  await expectOnA();
  expect(await runUpdate(shell, 'agent-a', '--dry-run')).toMatchObject({ exitCode: 0 });
});

describe('who the host is, and who we are there', () => {
  let before: Pictures;

  beforeAll(async () => {
    before = await pictureOf([shell, agent]);
  });

  // Nothing here may leave a trace, so one picture is the measure for all of it.
  afterEach(() => expectUnchanged(before));

  test('a login that the host does not know', () =>
    expectRefusal(shell, updateOf('agent-a', '--user', 'stranger'), {
      host: 'agent-a',
      says: [/cannot log in over SSH/],
      next: /--user/,
    }));

  test('a user without sudo', () =>
    expectRefusal(shell, updateOf('agent-a', '--user', userWithoutSudo), {
      host: 'agent-a',
      says: [/user nosudo cannot become root without a password/],
      next: /sudo without a password/,
    }));

  test('a host that nobody registered', () =>
    expectRefusal(shell, updateOf('agent-z'), {
      host: 'agent-z',
      says: [/not a registered agent/],
      next: /init-agent --host agent-z/,
    }));

  test('a host that cannot be reached', async () => {
    await agent.partition();
    try {
      await expectRefusal(shell, updateOf('agent-a'), {
        host: 'agent-a',
        says: [/cannot connect/, /timed out|No route/i],
        next: /check that the host is up/,
      });
    } finally {
      await agent.rejoin();
    }
  });

  test('an operator who is not root', async () => {
    const says = [/needs root on this machine/];
    const asClaude = { user: 'claude' } as const;
    await expectRefusal(shell, updateOf('agent-a'), { says, next: /sudo convocate-host update/ }, asClaude);
    const initAgent = initAgentWith('--host', 'agent-a');
    await expectRefusal(shell, initAgent, { says, next: /sudo convocate-host init-agent/ }, asClaude);
    const initShell = ['convocate-host', 'init-shell'];
    await expectRefusal(shell, initShell, { says, next: /sudo convocate-host init-shell/ }, asClaude);
  });

  test('Docker that is down', async () => {
    await agent.run(['systemctl', 'stop', 'docker.socket', 'docker.service']);
    try {
      await expectRefusal(shell, updateOf('agent-a'), {
        host: 'agent-a',
        says: [unfit, /Docker is missing or does not answer/],
        next: /mend that on the host/,
      });
    } finally {
      await agent.run(['systemctl', 'start', 'docker.socket', 'docker.service']);
      await pollUntil(
        async () => ((await agent.exec(['docker', 'info'])).exitCode === 0 ? true : undefined),
        { timeoutMs: 30_000, intervalMs: 200, what: 'Docker back again' },
      );
    }
  });

  const wrong: readonly { argv: string[]; says: RegExp }[] = [
    { argv: ['update'], says: /--host/ },
    { argv: ['update', '--host', 'agent-a', '--forse'], says: /--forse/ },
    { argv: ['upgrade'], says: /upgrade/ },
    { argv: ['update', '--host', 'agent-a', '--soak', 'long'], says: /10s or 2m/ },
    { argv: ['init-agent', '--json'], says: /--host/ },
  ];

  test('bad usage ends with 2', async () => {
    for (const { argv, says } of wrong) {
      const result = await shell.exec(['convocate-host', ...argv]);
      expect.soft(result.exitCode, argv.join(' ')).toBe(2);
      expect.soft(result.stderr).toMatch(says);
      expect.soft(result.stderr).not.toMatch(/^ +at /m);
    }
  });

  test('bad usage that only we can tell ends with 2 as well', async () => {
    const optionAsHost = initAgentWith('--host', '-oProxyCommand=touch /owned');
    const bad = { exit: 2 } as const;
    await expectRefusal(shell, optionAsHost, {
      ...bad,
      says: [/not a host name/],
      next: /name, an address/,
    });
    const noFingerprint = initAgentWith('--host', 'agent-z', '--host-key', 'MD5:00');
    await expectRefusal(shell, noFingerprint, { ...bad, says: [/SHA256:…/], next: /ssh-keygen -lf/ });
    expect((await shell.exec(['test', '-e', '/owned'])).exitCode).toBe(1);
  });
});

describe('what the host is not fit for', () => {
  test('another CPU architecture', () =>
    withWrapper('uname', 'echo aarch64', () =>
      expectNothingChanged([shell, agent], () =>
        expectRefusal(shell, updateOf('agent-a'), {
          host: 'agent-a',
          says: [unfit, /its CPU is aarch64; this release is built for x86_64/],
          next: /mend that on the host/,
        }),
      ),
    ));

  test('a C library that is too old', () =>
    withWrapper('getconf', 'echo glibc 2.9', () =>
      expectNothingChanged([shell, agent], () =>
        expectRefusal(shell, updateOf('agent-a'), {
          host: 'agent-a',
          says: [unfit, /its C library is glibc 2\.9; this release needs 2\.28 or later/],
          next: /mend that on the host/,
        }),
      ),
    ));

  test('everything that is wrong is told at once', () =>
    withWrapper('getconf', 'echo glibc 2.9', () =>
      withWrapper('uname', 'echo aarch64', () =>
        expectRefusal(shell, updateOf('agent-a', '--dry-run'), {
          host: 'agent-a',
          says: [unfit, /its CPU is aarch64/, /glibc 2\.9/],
          next: /mend that on the host/,
        }),
      ),
    ));

  // The last one of these: the small disks stay.
  test.each([
    { path: '/usr/local/lib/convocate', where: '/usr/local/lib/convocate', for: 'the program and the image' },
    { path: '/var/lib/docker', where: "Docker's data", for: 'the image' },
  ])('a disk that is too small at $path', async ({ path, where, for: need }) => {
    await agent.mountSmallDisk([path], 2048 * mebibyte);
    await agent.fillDisk(path, 20 * mebibyte);
    await expectNothingChanged([shell, agent], () =>
      expectRefusal(shell, updateOf('agent-a'), {
        host: 'agent-a',
        says: [
          unfit,
          new RegExp(`its disk is too small: \\d+ MiB free at ${where}, \\d+(?: MiB)? needed for ${need}`),
        ],
        next: /mend that on the host/,
      }),
    );
    await agent.freeDisk(path);
  });
});

test('after all of these the same update goes through', async () => {
  await expectOnA();
  const run = await runUpdate(shell, 'agent-a');
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  expect(await liveRelease(agent)).toEqual(wholly(versionB));
});
