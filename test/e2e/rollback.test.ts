// `convocate-host rollback` and `releases`: the way back that needs nothing but the host itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots } from '../../lab/snapshot.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { serviceStart } from './support/measures.ts';
import { expectNothingChanged, expectRefusal } from './support/refusal.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import { onlyEvent, rolloutArgv, runRollout, runUpdate } from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import { imageOf, newSession } from './support/sessions.ts';
import { survivorsOfAgent } from './support/survivors.ts';

const labName = 'rollback-test';
const host = 'agent-a';
const [first, second, third] = ['v1.0.0-back', 'v1.1.0-back', 'v1.2.0-back'];
const releasesDir = '/usr/local/lib/convocate/releases';

let lab: Lab;
let shell: Machine;
let agent: Machine;
let session: string;
let counting: StandInState;

async function rollOut(version: string): Promise<void> {
  await moveShellTo(lab, await buildRelease({ version }));
  expect(await runUpdate(shell, host)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await liveRelease(agent)).toEqual(wholly(version));
}

beforeAll(async () => {
  lab = await freshCluster({ name: labName, agents: 1, tree: await buildRelease({ version: first }) });
  shell = lab.shell;
  agent = lab.agent(0);
  await installStandIn(agent);
  session = await newSession(shell, host, 'on-the-first');
  counting = await standInState(agent, session);
  await rollOut(second);
});

afterAll(() => lab?.close());

async function rollback(...extra: string[]): Promise<Record<string, unknown>> {
  const run = await runRollout(shell, 'rollback', host, ...extra);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  return onlyEvent(run, 'result');
}

describe('going back', () => {
  test('as a dry run says what would change, and changes nothing', async () => {
    await expectNothingChanged([agent, shell], async () => {
      const run = await runRollout(shell, 'rollback', host, '--dry-run');
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      const plan = onlyEvent(run, 'plan');
      expect(plan).toMatchObject({ version: first, fromVersion: second, bytes_to_send: 0, refusals: [] });
      expect((plan['changes'] as { path: string }[]).map(({ path }) => path)).toContain(
        '/usr/local/lib/convocate/current',
      );
    });
  });

  test('needs no bytes, nor the release on the shell host, and touches no session', async () => {
    await shell.run(['rm', '-rf', `/var/lib/convocate/releases/${first}`]);
    const survivors = await survivorsOfAgent(agent);
    expect(await rollback()).toMatchObject({
      outcome: 'rolled_back',
      from: second,
      version: first,
      sent_bytes: 0,
    });
    expect(await liveRelease(agent)).toEqual(wholly(first));
    expect(diffSnapshots(survivors, await survivorsOfAgent(agent))).toEqual([]);
    await expectStillCounting(agent, session, counting);
    const fresh = await newSession(shell, host, 'after-going-back');
    expect(await imageOf(agent, fresh)).toBe(`convocate:${first}`);
  });

  test('once more goes forth again: what was left is the way back', async () => {
    expect(await rollback()).toMatchObject({ outcome: 'rolled_back', from: first, version: second });
    expect(await liveRelease(agent)).toEqual(wholly(second));
  });

  test('to what is live does nothing', async () => {
    const service = await serviceStart(agent);
    expect(await rollback('--to', second)).toMatchObject({ outcome: 'unchanged', version: second });
    expect(await serviceStart(agent)).toBe(service);
  });

  test('two releases is done by name, as long as a session holds that one there', async () => {
    await rollOut(third);
    expect(await rollback('--to', first)).toMatchObject({ from: third, version: first });
    expect(await liveRelease(agent)).toEqual(wholly(first));
    expect(await rollback()).toMatchObject({ from: first, version: third });
  });
});

describe('what the host holds', () => {
  test('is listed with what keeps it there', async () => {
    const { stdout } = await shell.run(['convocate-host', 'releases', '--host', host, '--json']);
    expect(JSON.parse(stdout)).toEqual([
      {
        version: first,
        live: false,
        previous: true,
        image: true,
        sessions: ['after-going-back', 'on-the-first'],
        pinned_by: ['previous', 'sessions'],
      },
      { version: second, live: false, previous: false, image: true, sessions: [], pinned_by: [] },
      { version: third, live: true, previous: false, image: true, sessions: [], pinned_by: ['live'] },
    ]);
    const table = await shell.run(['convocate-host', 'releases', '--host', host]);
    expect(table.stdout).toMatch(/^v1\.1\.0-back +there +goes with the next prune$/m);
    expect(table.stdout).toMatch(/^v1\.2\.0-back +live +there +stays$/m);
  });
});

describe('a release that is not whole on the host is refused, and nothing changes:', () => {
  const argv = rolloutArgv('rollback', host);

  test('one that it does not hold', async () => {
    await expectNothingChanged([agent], () =>
      expectRefusal(shell, [...argv, '--to', 'v7.7.7'], {
        host,
        says: ['no release v7.7.7 is on this host', `it holds: ${first}, ${second}, ${third}`],
        next: /--to/,
      }),
    );
  });

  for (const [what, path, says] of [
    ['text', 'install/convocate-image-prune', /is not the file that release/],
    ['program, which cannot even say so', 'lib/convocate-agent.mjs', /./],
  ] as const) {
    test(`one with a damaged ${what}`, async () => {
      const file = `${releasesDir}/${first}/${path}`;
      await agent.run(['cp', '--preserve=all', file, `${file}.whole`]);
      await agent.run(['sh', '-c', 'printf x | dd of="$1" bs=1 seek=1 conv=notrunc status=none', 'sh', file]);
      await expectNothingChanged([agent], () =>
        expectRefusal(shell, argv, {
          host,
          says: [`release ${first} is not whole on this host`, says],
          next: /releases --host|update/,
        }),
      );
      await agent.run(['mv', `${file}.whole`, file]);
    });
  }

  test('one whose manifest was changed after it was signed', async () => {
    const file = `${releasesDir}/${first}/manifest.json`;
    const whole = await agent.readFile(file);
    await agent.writeFile(file, whole.replace('"toolchain": "minimal"', '"toolchain": "minimum"'));
    await expectNothingChanged([agent], () =>
      expectRefusal(shell, argv, {
        host,
        says: [`release ${first} is not whole on this host`, 'signature is not that of this cluster'],
        next: /releases --host|update/,
      }),
    );
    await agent.writeFile(file, whole);
  });

  test('one whose image is gone', async () => {
    await agent.run(['docker', 'rmi', '--force', `convocate:${first}`]);
    await expectNothingChanged([agent], () =>
      expectRefusal(shell, argv, {
        host,
        says: [`this host cannot take release ${first}`, `does not have the image convocate:${first} whole`],
        next: /mend/,
      }),
    );
    expect(await liveRelease(agent)).toEqual(wholly(third));
  });
});
