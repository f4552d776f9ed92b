import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../base/deadline.ts';
import type { Agent } from './agent.ts';
import {
  type AgentFixture,
  TEST_IMAGE,
  containerOf,
  foreignContainer,
  makeAgentFixture,
  sessionThatIs,
} from './agent-fixture.ts';
import { getSession } from './describe-session.ts';
import { deleteSession } from './operations/delete.ts';
import { killSession } from './operations/kill.ts';
import { restartSession } from './operations/restart.ts';
import { type ContainerWatch, watchContainers } from './watch-containers.ts';

let fixture: AgentFixture;
let watch: ContainerWatch | undefined;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(async () => {
  await watch?.close();
  watch = undefined;
  fixture[Symbol.dispose]();
});

async function start(agent: Agent): Promise<void> {
  watch = watchContainers(agent, { retryMs: 1, pulseMs: 1 });
  await watch.triedOnce;
}

interface End {
  readonly ranMs?: number;
  /** Docker's own flag. */
  readonly oomKilled?: boolean;
}

/**
 * A child of the session's is killed for want of memory a minute after its start, then the session ends, by default at the
 * same time; is that said to be the cause?
 */
async function outOfMemoryAfter(id: string, exitCode: number, how: End = {}): Promise<boolean> {
  await restartSession(fixture.agent, id);
  if (!watch) await start(fixture.agent);
  fixture.docker.tellOutOfMemory(containerOf(id));
  fixture.docker.end(containerOf(id), exitCode, how);
  await expect.poll(async () => (await getSession(fixture.agent, id)).running).toBe(false);
  const { oom_killed: killed } = await getSession(fixture.agent, id);
  return killed === true;
}

function types(): string[] {
  return fixture.events.map(({ type }) => type);
}

describe('the watch over containers', () => {
  test('one that ends by itself is told at once, with exit code and cause', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await start(fixture.agent);
    fixture.docker.end(containerOf(id), 137, { oomKilled: true });
    await expect.poll(types).toEqual(['container.died']);
    expect(fixture.events[0]).toMatchObject({
      session_id: id,
      data: { running: false, exit_code: 137, oom_killed: true },
    });
  });

  test('what Docker says of memory only in an event is told too, and when it comes late', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await start(fixture.agent);
    fixture.docker.end(containerOf(id), 1);
    await expect.poll(types).toEqual(['container.died']);
    fixture.docker.tellOutOfMemory(containerOf(id));
    await expect.poll(types).toEqual(['container.died', 'container.edited']);
    expect(fixture.events.map(({ data }) => data)).toMatchObject([
      { exit_code: 1, oom_killed: false },
      { exit_code: 1, oom_killed: true },
    ]);
  });

  test('a child that was killed for want of memory is the cause of a failure, not of a good end or a stop', async () => {
    const ends: [number, boolean][] = [];
    for (const exitCode of [0, 1, 137, 143]) {
      const id = await sessionThatIs(fixture, 'stopped');
      ends.push([exitCode, await outOfMemoryAfter(id, exitCode)]);
      await deleteSession(fixture.agent, id);
    }
    expect(ends).toEqual([
      [0, false],
      [1, true],
      [137, true],
      [143, false],
    ]);
  });

  test('a child that was killed for want of memory long ago is not the cause, whatever flag was left of it', async () => {
    const ends: unknown[] = [];
    for (const [exitCode, ranMs] of [
      [1, 63_000],
      [1, 3_600_000],
      [137, 63_000],
      [137, 3_600_000],
    ] as const) {
      const id = await sessionThatIs(fixture, 'stopped');
      ends.push([exitCode, ranMs, await outOfMemoryAfter(id, exitCode, { ranMs, oomKilled: true })]);
      await deleteSession(fixture.agent, id);
    }
    expect(ends).toEqual([
      [1, 63_000, true],
      [1, 3_600_000, false],
      [137, 63_000, true],
      [137, 3_600_000, false],
    ]);
  });

  test("Docker's flag alone counts where the program itself was killed", async () => {
    for (const [exitCode, isCause] of [
      [1, false],
      [137, true],
    ] as const) {
      const id = await sessionThatIs(fixture, 'running');
      fixture.docker.end(containerOf(id), exitCode, { oomKilled: true });
      await watch?.close();
      await start(fixture.reborn());
      expect(fixture.events).toMatchObject([{ session_id: id, data: { oom_killed: isCause } }]);
      await deleteSession(fixture.agent, id);
    }
  });

  test('what was known of the cause is known to a later agent, to which Docker tells nothing of it', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    expect(await outOfMemoryAfter(id, 1)).toBe(true);
    await watch?.close();
    const reborn = fixture.reborn();
    await start(reborn);
    expect(await getSession(reborn, id)).toMatchObject({ exit_code: 1, oom_killed: true });
  });

  test('one that we stop is "stopped" and never "died"', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await start(fixture.agent);
    await killSession(fixture.agent, id);
    fixture.docker.end(containerOf(id), 143); // the same news once more, late
    await killSession(fixture.agent, id);
    expect(types()).toEqual(['container.stopped']);
  });

  test('after a restart of the agent its sessions are found again', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const reborn = fixture.reborn();
    await start(reborn);
    expect(await getSession(reborn, id)).toMatchObject({
      running: true,
      container_id: 'c1',
      image: TEST_IMAGE,
    });
    expect(types()).toEqual([]);
  });

  test('what ended while nobody looked is told at the next start', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.end(containerOf(id), 3);
    await start(fixture.reborn());
    expect(types()).toEqual(['container.died']);
  });

  test('a container of the name but with another id is found', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const facts = await fixture.docker.inspectContainer(containerOf(id));
    if (!facts) throw new Error('no container');
    fixture.docker.vanish(containerOf(id));
    fixture.docker.add({ ...facts, id: 'c99', labels: {} });
    const reborn = fixture.reborn();
    await start(reborn);
    expect(await getSession(reborn, id)).toMatchObject({ running: true, container_id: 'c99' });
  });

  test('a container that was removed by hand is a stopped session', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await start(fixture.agent);
    fixture.docker.vanish(containerOf(id));
    await expect.poll(types).toEqual(['container.died']);
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: false, container_id: '' });
  });

  test('a foreign container that inherited our labels changes nothing', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    const labels = { 'convocate.session': id, 'convocate.agent': 'agent001' };
    fixture.docker.add(foreignContainer({ labels }));
    await start(fixture.agent);
    fixture.docker.end('somebody-elses', 1);
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: false, container_id: '' });
    expect(types()).toEqual([]);
  });

  test('while Docker is away the agent tells what it knew, and finds out when it is back', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await start(fixture.agent);
    fixture.docker.down = true;
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: true });
    fixture.docker.down = false;
    fixture.docker.end(containerOf(id), 9);
    await expect.poll(types).toEqual(['container.died']);
  });

  test('an engine that hangs with its event stream open is not taken for one that answers', async () => {
    await start(fixture.agent);
    expect(watch?.isWatching).toBe(true);
    fixture.docker.failNext('ping', 'gave no answer');
    const answers = fixture.docker.holdNext('listContainers'); // the look that comes with the next stream
    await expect.poll(() => watch?.isWatching).toBe(false);
    answers();
    await expect.poll(() => watch?.isWatching).toBe(true);
  });

  test('a container that Docker cannot tell of is asked for again, and Docker taken for what it is', async () => {
    const stuck = await sessionThatIs(fixture, 'running');
    fixture.docker.end(containerOf(stuck), 1);
    const tells = fixture.docker.tellNothingOf(containerOf(stuck));
    await start(fixture.agent);
    expect(watch?.isWatching).toBe(true);
    expect((await getSession(fixture.agent, stuck)).running).toBe(true);
    fixture.docker.tellOutOfMemory(containerOf(stuck)); // an event of it comes to nothing as well
    await pause(20);
    expect(watch?.isWatching).toBe(true);
    tells();
    await expect.poll(async () => (await getSession(fixture.agent, stuck)).exit_code).toBe(1);
  });

  test('is not asked any more once its watch is over', async () => {
    await start(fixture.agent);
    await watch?.close();
    fixture.docker.failNext('ping', 'nobody asks');
    await pause(20);
    await expect(fixture.docker.ping()).rejects.toThrow('nobody asks');
  });
});
