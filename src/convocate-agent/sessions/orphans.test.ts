import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AgentFixture,
  containerOf,
  foreignContainer,
  makeAgentFixture,
  sessionThatIs,
} from './agent-fixture.ts';
import { getSession, listSessions } from './describe-session.ts';
import { cloneSession } from './operations/clone.ts';
import { createSession } from './operations/create.ts';
import { deleteSession } from './operations/delete.ts';
import { restartSession } from './operations/restart.ts';
import { emptyLeftovers, recoverChanges } from './recover.ts';

const ID = '00000000-0000-4000-8000-000000000001';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => fixture[Symbol.dispose]());

test('a home that no metadata belongs to is listed after the sessions, as one that does not run', async () => {
  mkdirSync(fixture.path(`homes/${ID}`));
  const { uuid } = await createSession(fixture.agent, { name: 'whole' });
  const listed = await listSessions(fixture.agent);
  expect(listed.map((session) => [session.uuid, session.orphan])).toEqual([
    [uuid, undefined],
    [ID, true],
  ]);
  expect(await getSession(fixture.agent, ID)).toEqual({
    uuid: ID,
    name: '',
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: '',
    last_accessed: '',
    agent_id: 'agent001',
    attached: 0,
    running: false,
    image: '',
    container_id: '',
    started_at: '',
    locked: false,
    orphan: true,
  });
});

test('only real directories named by an id count, and no link is followed', async () => {
  mkdirSync(fixture.path('homes/.claude'));
  mkdirSync(fixture.path(`homes/.deleted-${ID}`));
  mkdirSync(fixture.path('homes/notes'));
  symlinkSync('/etc', fixture.path(`homes/${ID}`));
  fixture.write(`homes/${ID.replace(/1$/, '2')}`, 'a file');
  expect(await listSessions(fixture.agent)).toEqual([]);
  await expect(getSession(fixture.agent, ID)).rejects.toMatchObject({ code: 'not_found' });
  await expect(deleteSession(fixture.agent, ID)).rejects.toMatchObject({ code: 'not_found' });
});

test.each(['create', 'delete'])('one that is on its way (%s) is no orphan', async (op) => {
  mkdirSync(fixture.path(`homes/${ID}`));
  await fixture.agent.locks.hold(ID, op, async () => {
    expect(await listSessions(fixture.agent)).toEqual([]);
    await expect(getSession(fixture.agent, ID)).rejects.toMatchObject({ code: 'not_found' });
  });
  expect(await listSessions(fixture.agent)).toMatchObject([{ uuid: ID, orphan: true }]);
});

test('while sessions come and go none is ever taken for an orphan', async () => {
  let done = false;
  const change = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      const { uuid } = await createSession(fixture.agent, { name: 'brief' });
      await deleteSession(fixture.agent, uuid);
    }
  };
  const changes = Promise.all([change(), change(), change()]).finally(() => (done = true));
  while (!done) {
    const orphans = (await listSessions(fixture.agent)).filter(({ orphan }) => orphan);
    expect(orphans).toEqual([]);
  }
  await changes;
});

test('clone makes a session of it that can be started; the home stays until it is deleted', async () => {
  const id = await sessionThatIs(fixture, 'orphan');
  writeFileSync(fixture.path(`homes/${id}/work.txt`), 'work');
  const copy = await cloneSession(fixture.agent, { source_id: id, name: 'back' });
  expect(copy).not.toHaveProperty('orphan');
  expect(readFileSync(fixture.path(`homes/${copy.uuid}/work.txt`), 'utf8')).toBe('work');
  await restartSession(fixture.agent, copy.uuid);
  expect(await listSessions(fixture.agent)).toMatchObject([
    { uuid: copy.uuid, running: true },
    { uuid: id, orphan: true },
  ]);
});

test('while it is copied it is shown, and can be neither deleted nor copied once more', async () => {
  const id = await sessionThatIs(fixture, 'orphan');
  await fixture.agent.locks.hold(id, 'clone', async () => {
    expect(await getSession(fixture.agent, id)).toMatchObject({ orphan: true, locked: false });
    await expect(deleteSession(fixture.agent, id)).rejects.toMatchObject({ code: 'busy' });
    await expect(cloneSession(fixture.agent, { source_id: id, name: 'copy' })).rejects.toMatchObject({
      code: 'busy',
    });
  });
});

test('delete removes the home, and a container that still has it', async () => {
  const id = await sessionThatIs(fixture, 'orphan');
  fixture.docker.add(foreignContainer({ name: containerOf(id) }));
  expect(await getSession(fixture.agent, id)).toMatchObject({ running: false, container_id: '' });
  await deleteSession(fixture.agent, id);
  expect(readdirSync(fixture.path('homes'))).toEqual([]);
  expect(readdirSync(fixture.path('sessions'))).toEqual([]);
  expect(await fixture.docker.inspectContainer(containerOf(id))).toBeUndefined();
  expect(fixture.events).toMatchObject([
    { type: 'container.deleted', session_id: id, data: { orphan: true, locked: false } },
  ]);
});

test('a copy that was cut off is undone, and its source is left alone', async () => {
  const id = await sessionThatIs(fixture, 'orphan');
  const { promise: cutOff } = Promise.withResolvers<never>();
  fixture.agent.store.write = () => cutOff; // as a power cut just before the end
  void cloneSession(fixture.agent, { source_id: id, name: 'copy' });
  await expect.poll(() => readdirSync(fixture.path('homes'))).toHaveLength(2);
  await expect.poll(() => readdirSync(fixture.path('sessions'))).toHaveLength(2);

  const reborn = fixture.reborn();
  await recoverChanges(reborn);
  await emptyLeftovers(reborn);
  expect(readdirSync(fixture.path('homes'))).toEqual([id]);
  expect(readdirSync(fixture.path('sessions'))).toEqual([]);
  expect(await listSessions(reborn)).toMatchObject([{ uuid: id, orphan: true, locked: false }]);
});
