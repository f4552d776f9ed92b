// The user guide's "Rolling back", word for word: `git checkout` of the version to return to, `make build`,
// `sudo make install`, `convocate-host update`. And what it warns of: an image that is gone when a session restarts.
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initAgent, installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots, type HostSnapshot, snapshotHost } from '../../lab/snapshot.ts';
import { Checkout } from './support/checkout.ts';
import { freshLab } from './support/fresh-lab.ts';
import { serviceStart } from './support/measures.ts';
import { entrypoint, liveRelease, wholly } from './support/releases.ts';
import { onlyEvent, runUpdate } from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import {
  imageOf,
  killSession,
  newSession,
  restartSession,
  sessionVerb,
  waitUntilShellSees,
} from './support/sessions.ts';
import { survivorsOfAgent } from './support/survivors.ts';

const labName = 'way-back-test';
const hosts = ['agent-a', 'agent-b'];
const programFile = 'src/convocate-agent/main.ts';
const marked = (text: string): string => `\nObject.assign(globalThis, { thereAndBack: '${text}' });\n`;

let lab: Lab;
let shell: Machine;
let agent: Machine;
let checkout: Checkout;
let session: string;
let counting: StandInState;

/** As the guide has it, on the shell host; the clone is built on this box, where the compiler is. */
async function installVersion(tag: string): Promise<void> {
  await checkout.git('checkout', '--quiet', '--force', tag);
  expect(await checkout.build()).toBe(tag);
  await installTree(lab, checkout.directory);
  for (const program of ['convocate', 'convocate-host'])
    expect((await shell.run([program, 'version'])).stdout).toBe(`${tag}\n`);
}

async function rollOut(version: string): Promise<void> {
  for (const run of await Promise.all(hosts.map((host) => runUpdate(shell, host)))) {
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(run, 'result')).toMatchObject({ outcome: 'updated', version });
  }
  expect(await Promise.all(lab.agents.map(liveRelease))).toEqual([wholly(version), wholly(version)]);
  await waitUntilShellSees(shell, hosts);
}

beforeAll(async () => {
  checkout = await Checkout.clone('way-back', [
    ['v0.0.1', {}],
    ['v0.0.2', { [entrypoint]: '# v0.0.2\n', [programFile]: marked('v0.0.2') }],
  ]);
  lab = await freshLab({ name: labName, agents: 2 });
  shell = lab.shell;
  agent = lab.agent(0);
  await Promise.all(lab.agents.map(installStandIn));
});

afterAll(async () => {
  checkout?.[Symbol.dispose]();
  await lab?.close();
});

describe('the way there and back', () => {
  test('a cluster starts on v0.0.1, whose name comes from the git tag', async () => {
    await installVersion('v0.0.1');
    await shell.run(['convocate-host', 'init-shell']);
    await Promise.all(lab.agents.map((one) => initAgent(lab, one)));
    await waitUntilShellSees(shell, hosts);
    session = await newSession(shell, 'agent-a', 'long-work');
    counting = await standInState(agent, session);
    expect(await Promise.all(lab.agents.map(liveRelease))).toEqual([wholly('v0.0.1'), wholly('v0.0.1')]);
  });

  test('goes to v0.0.2', async () => {
    await installVersion('v0.0.2');
    await rollOut('v0.0.2');
  });

  test('and back to v0.0.1 by checkout, build, install and update; sessions live through both', async () => {
    const survivors = await survivorsOfAgent(agent);
    await installVersion('v0.0.1');
    await rollOut('v0.0.1');
    expect(diffSnapshots(survivors, await survivorsOfAgent(agent))).toEqual([]);
    await expectStillCounting(agent, session, counting);
    const program = await agent.exec([
      'grep',
      '-q',
      'thereAndBack',
      '/usr/local/lib/convocate/current/lib/convocate-agent.mjs',
    ]);
    expect(program.exitCode).toBe(1);
    const fresh = await newSession(shell, 'agent-b', 'after-the-way-back');
    expect(await imageOf(lab.agent(1), fresh)).toBe('convocate:v0.0.1');
  });
});

describe('a version that is stored already', () => {
  test('is taken as it is when nothing in it changed', async () => {
    const { stdout } = await shell.run([`${checkoutOnShell()}/build/convocate`, 'install']);
    expect(stdout).toContain('release v0.0.1 is stored already');
  });

  test('with other content under the same tag is refused, and nothing on the shell host changes', async () => {
    checkout.append({ [programFile]: marked('retagged'), [entrypoint]: '# retagged\n' });
    await checkout.git('commit', '--quiet', '--all', '--message', 'Something else');
    await checkout.git('tag', '--force', '--annotate', '--message', 'again', 'v0.0.1');
    expect(await checkout.build()).toBe('v0.0.1');
    const folder = '/run/retagged';
    await shell.copyIn(`${checkout.directory}/build`, folder);
    const picture = await snapshotHost(shell);
    const refused = await shell.exec([`${folder}/convocate`, 'install'], { timeoutMs: 300_000 });
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('release v0.0.1 is stored already, with other content');
    expect(refused.stderr).toContain('so that it gets a version of its own');
    expect(diffSnapshots(picture, await snapshotHost(shell))).toEqual([]);
    expect((await shell.run(['convocate-host', 'version'])).stdout).toBe('v0.0.1\n');
  });

  test('is replaced, with a warning, where it was built from a tree with uncommitted changes', async () => {
    await checkout.git('checkout', '--quiet', '--force', 'v0.0.2');
    checkout.append({ [entrypoint]: '# uncommitted\n' });
    expect(await checkout.build()).toBe('v0.0.2-dirty');
    await installTree(lab, checkout.directory);
    checkout.append({ [entrypoint]: '# uncommitted, further\n' });
    expect(await checkout.build()).toBe('v0.0.2-dirty');
    expect(await installTree(lab, checkout.directory)).toContain('warning: replacing v0.0.2-dirty');
    expect(await lastLineInImage('convocate:v0.0.2-dirty')).toBe('# uncommitted, further');
  });

  test('is refused even so while an agent runs it', async () => {
    await rollOut('v0.0.2-dirty');
    checkout.append({ [entrypoint]: '# uncommitted, too late\n' });
    expect(await checkout.build()).toBe('v0.0.2-dirty');
    const folder = '/run/too-late';
    await shell.copyIn(`${checkout.directory}/build`, folder);
    const refused = await shell.exec([`${folder}/convocate`, 'install'], { timeoutMs: 300_000 });
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(/another build of v0\.0\.2-dirty is live on agent-[ab], agent-[ab]/);
    expect(await lastLineInImage('convocate:v0.0.2-dirty')).toBe('# uncommitted, further');
  });
});

/** Of the entrypoint, where these tests write what tells two builds apart. */
async function lastLineInImage(tag: string): Promise<string> {
  const inside = ['docker', 'run', '--rm', '--network=none', '--entrypoint=tail', tag, '-n1'];
  return (await shell.run([...inside, '/usr/local/lib/convocate-session/entrypoint'])).stdout.trim();
}

function checkoutOnShell(): string {
  return `/opt/convocate/${basename(checkout.directory)}`;
}

describe('a session whose current image is gone from Docker', () => {
  const gone = 'convocate:v0.0.2';
  let survivors: HostSnapshot;

  beforeAll(async () => {
    await installVersion('v0.0.2');
    await rollOut('v0.0.2');
    await killSession(shell, session);
    survivors = await survivorsOfAgent(agent);
    await agent.run(['docker', 'rmi', '--force', gone]);
  });

  test('says so plainly on restart, and nothing of it is removed', async () => {
    const refused = await sessionVerb(shell, 'restart', session);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain(`the current image ${gone} is no longer in Docker on this agent host`);
    expect(refused.stderr).toContain('convocate-host update');
    expect(diffSnapshots(survivors, await survivorsOfAgent(agent))).toEqual([]);
  });

  test('comes back with the next update, which sends the image though nothing else changed', async () => {
    const service = await serviceStart(agent);
    const run = await runUpdate(shell, 'agent-a');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(run, 'result')).toMatchObject({ outcome: 'updated', version: 'v0.0.2' });
    expect(onlyEvent(run, 'result')['sent_bytes']).toBeGreaterThan(0);
    expect(await serviceStart(agent)).toBe(service);
    await agent.run(['docker', 'image', 'inspect', gone]);
    await restartSession(shell, session);
    expect(await imageOf(agent, session)).toBe(gone);
    await standInState(agent, session);
  });
});

describe('a live release with a damaged file and one that is gone', () => {
  const home = '/usr/local/lib/convocate/current';
  const [damaged, gone] = [
    `${home}/lib/convocate-agent.mjs`, // which cannot even say so, then
    `${home}/install/convocate-sessions.slice`,
  ];

  test('is found out and mended by an update that has nothing else to do', async () => {
    const whole = await agent.run(['sha256sum', damaged, gone]);
    // In place, as a disk does it: the blob is the same file, and as large as before.
    await agent.run(['sh', '-c', 'printf X | dd of="$1" bs=1 conv=notrunc status=none', 'damage', damaged]);
    await agent.run(['rm', gone]);
    const mended = await runUpdate(shell, 'agent-a');
    expect(mended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(mended, 'result')).toMatchObject({
      outcome: 'updated',
      version: 'v0.0.2',
      mended: ['lib/convocate-agent.mjs', 'install/convocate-sessions.slice'],
    });
    expect((await agent.run(['sha256sum', damaged, gone])).stdout).toBe(whole.stdout);
    expect(await liveRelease(agent)).toEqual(wholly('v0.0.2'));
  });
});
