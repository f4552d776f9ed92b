// The user guide's "All agents in one shot", as it stands there: the shell loop with `|| break` over three agents. It must
// stop at the first agent that fails, leave the later ones alone, and be there to be run again.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import type { CommandResult } from '../../lab/run-command.ts';
import { diffSnapshots, snapshotHost } from '../../lab/snapshot.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { serviceStart } from './support/measures.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import { updateArgv } from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import { newSession } from './support/sessions.ts';
import { sessionContainers } from './support/survivors.ts';

const labName = 'fleet-loop-test';
const [first, second, third] = ['v1.1.0-fleet', 'v1.2.0-fleet', 'v1.3.0-fleet'] as const;

/** To the letter of the guide. */
const loop = `for agent in agent-a agent-b agent-c; do
    echo "=== $agent ==="
    sudo convocate-host update --host "$agent" || break
done
`;

let lab: Lab;
let shell: Machine;
let agentA: Machine;
let agentB: Machine;
let agentC: Machine;
const trees = new Map<string, string>();
/** Each session with its host and its program as it was when it began. */
const sessions: [Machine, string, StandInState][] = [];

async function runLoop(): Promise<CommandResult & { readonly visited: readonly string[] }> {
  const result = await shell.exec(['bash', '-c', loop], { timeoutMs: 240_000 });
  return {
    ...result,
    visited: [...result.stdout.matchAll(/^=== (\S+) ===$/gm)].map(([, host]) => host ?? ''),
  };
}

async function release(version: string): Promise<void> {
  await moveShellTo(lab, trees.get(version) ?? '');
}

async function liveOnAll(): Promise<unknown[]> {
  return await Promise.all(lab.agents.map(liveRelease));
}

beforeAll(async () => {
  for (const version of [first, second, third]) trees.set(version, await buildRelease({ version }));
  lab = await freshCluster({ name: labName, agents: 3, tree: trees.get(first) ?? '' });
  shell = lab.shell;
  [agentA, agentB, agentC] = [lab.agent(0), lab.agent(1), lab.agent(2)];
  for (const agent of lab.agents) {
    await installStandIn(agent);
    const session = await newSession(shell, agent.hostname, 'at-work');
    sessions.push([agent, session, await standInState(agent, session)]);
  }
});

afterAll(() => lab?.close());

describe('an agent that cannot be reached', () => {
  afterEach(() => agentB.rejoin());

  test('stops the loop: the first is updated, the others are as they were', async () => {
    await release(second);
    const [pictureB, pictureC] = await Promise.all([snapshotHost(agentB), snapshotHost(agentC)]);
    await agentB.partition();
    const run = await runLoop();
    expect(run.visited).toEqual(['agent-a', 'agent-b']);
    expect(run.stderr).toMatch(/error: .*\n {2}host: {4}agent-b\n/);
    expect(run.stderr).toMatch(/ {2}next: /);
    expect(await liveOnAll()).toEqual([wholly(second), wholly(first), wholly(first)]);
    expect(diffSnapshots(pictureB, await snapshotHost(agentB))).toEqual([]);
    expect(diffSnapshots(pictureC, await snapshotHost(agentC))).toEqual([]);
    // `break` swallows the code that it stopped for: it is that of the one command, refused before anything changed.
    expect((await shell.exec(updateArgv('agent-b'))).exitCode).toBe(3);
  });
});

describe('run again after the repair', () => {
  test('the loop finds nothing to do on the first agent and updates the rest', async () => {
    const service = await serviceStart(agentA);
    const picture = await snapshotHost(agentA);
    const run = await runLoop();
    expect(run).toMatchObject({ visited: ['agent-a', 'agent-b', 'agent-c'], stderr: '', exitCode: 0 });
    expect(run.stdout).toContain(`agent-a  nothing to do: it has ${second}`);
    for (const host of ['agent-b', 'agent-c']) expect(run.stdout).toContain(`${host}  updated to ${second}`);
    expect(await serviceStart(agentA)).toBe(service);
    expect(diffSnapshots(picture, await snapshotHost(agentA))).toEqual([]);
    expect(await liveOnAll()).toEqual([wholly(second), wholly(second), wholly(second)]);
  });
});

describe('an agent whose Docker is down', () => {
  const units = ['docker.socket', 'docker.service'];

  test('stops the loop with a word about Docker, and its sessions run on', async () => {
    await release(third);
    const containers = await sessionContainers(agentB);
    await agentB.run(['systemctl', 'stop', ...units]);
    try {
      const pictureC = await snapshotHost(agentC);
      const service = await serviceStart(agentB);
      const run = await runLoop();
      expect(run.visited).toEqual(['agent-a', 'agent-b']);
      expect(run.stderr).toContain('Docker is missing or does not answer');
      expect(run.stderr).toContain('nothing was changed');
      expect((await shell.exec(updateArgv('agent-b'))).exitCode).toBe(3);
      expect(await liveOnAll()).toEqual([wholly(third), wholly(second), wholly(second)]);
      expect(await serviceStart(agentB)).toBe(service);
      expect(diffSnapshots(pictureC, await snapshotHost(agentC))).toEqual([]);
    } finally {
      await agentB.run(['systemctl', 'start', ...units]);
    }
    expect(await sessionContainers(agentB)).toEqual(containers);
  });

  test('takes the release when the loop is run again with Docker back', async () => {
    const run = await runLoop();
    expect(run.stdout).toContain(`agent-a  nothing to do: it has ${third}`);
    expect(await liveOnAll()).toEqual([wholly(third), wholly(third), wholly(third)]);
  });
});

test('through all of it no session was restarted', async () => {
  expect(sessions).toHaveLength(3);
  for (const [agent, session, state] of sessions) await expectStillCounting(agent, session, state);
});
