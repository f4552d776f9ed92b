import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentFixture, containerOf, makeAgentFixture, sessionThatIs } from './agent-fixture.ts';
import { getSession } from './describe-session.ts';
import { emptyLeftovers, recoverChanges } from './recover.ts';
import { lookAtContainer } from './watch-containers.ts';

const CUT_OFF_ID = '11111111-1111-4111-8111-111111111111';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => fixture[Symbol.dispose]());

function cutOff(id: string, op: string): void {
  fixture.write(`sessions/${id}.lock`, JSON.stringify({ op, since: '2026-01-01T00:00:00.000Z' }));
}

describe('changes that a crash cut off', () => {
  test.each(['create', 'clone'])(
    '%s: the half-made home is set aside at once, and emptied while the agent serves',
    async (op) => {
      mkdirSync(fixture.path(`homes/${CUT_OFF_ID}`));
      writeFileSync(fixture.path(`homes/${CUT_OFF_ID}/half`), 'x');
      cutOff(CUT_OFF_ID, op);
      const reborn = fixture.reborn();
      await recoverChanges(reborn);
      expect(readdirSync(fixture.path('homes'))).toEqual([`.deleted-${CUT_OFF_ID}`]);
      expect(readdirSync(fixture.path(`homes/.deleted-${CUT_OFF_ID}`))).toEqual(['half']);
      expect(readdirSync(fixture.path('sessions'))).toEqual([]);
      await emptyLeftovers(reborn);
      expect(readdirSync(fixture.path('homes'))).toEqual([]);
    },
  );

  test('one that is set aside over what was left of another takes its place', async () => {
    for (const name of [CUT_OFF_ID, `.deleted-${CUT_OFF_ID}`]) {
      mkdirSync(fixture.path(`homes/${name}`));
      writeFileSync(fixture.path(`homes/${name}/of-${name}`), 'x');
    }
    cutOff(CUT_OFF_ID, 'create');
    await recoverChanges(fixture.reborn());
    expect(readdirSync(fixture.path('homes'))).toEqual([`.deleted-${CUT_OFF_ID}`]);
    expect(readdirSync(fixture.path(`homes/.deleted-${CUT_OFF_ID}`))).toEqual([`of-${CUT_OFF_ID}`]);
  });

  test.each(['create', 'clone', 'edit', 'kill', 'restart', 'override', 'delete'])(
    '%s on a whole session: nothing is lost and the lock goes',
    async (op) => {
      const id = await sessionThatIs(fixture, 'running');
      cutOff(id, op);
      const reborn = fixture.reborn();
      await recoverChanges(reborn);
      expect(await getSession(reborn, id)).toMatchObject({ name: 'one', locked: false });
      expect(existsSync(fixture.path(`homes/${id}/.profile`))).toBe(true);
      expect(fixture.docker.calls).toEqual([]);
    },
  );

  test('delete, after the home was set aside: it is finished', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    renameSync(fixture.path(`homes/${id}`), fixture.path(`homes/.deleted-${id}`));
    cutOff(id, 'delete');
    const reborn = fixture.reborn();
    await recoverChanges(reborn);
    await emptyLeftovers(reborn);
    expect(readdirSync(fixture.path('homes'))).toEqual([]);
    expect(readdirSync(fixture.path('sessions'))).toEqual([]);
  });

  test.each([
    ['before the agent is back', 10_000, true],
    ['long after: something else ended it', 60_000, false],
  ])('kill, of a session that ends %s', async (_, ranMs, isAsked) => {
    const id = await sessionThatIs(fixture, 'running'); // since 00:00:01
    cutOff(id, 'kill'); // at 00:00:00
    fixture.docker.end(containerOf(id), 137, { ranMs });
    const reborn = fixture.reborn();
    await recoverChanges(reborn);
    await lookAtContainer(reborn, id);
    const { running, asked_to_stop: asked } = await getSession(reborn, id);
    expect({ running, asked: asked === true }).toEqual({ running: false, asked: isAsked });
    const third = fixture.reborn();
    await lookAtContainer(third, id);
    expect((await getSession(third, id)).asked_to_stop === true).toBe(isAsked);
  });

  test('kill, of a session that takes its time to end: the agent is back before it', async () => {
    const id = await sessionThatIs(fixture, 'running');
    cutOff(id, 'kill');
    const reborn = fixture.reborn();
    await recoverChanges(reborn);
    await lookAtContainer(reborn, id);
    expect(await getSession(reborn, id)).not.toHaveProperty('asked_to_stop');
    fixture.docker.end(containerOf(id), 137, { ranMs: 10_000 });
    await lookAtContainer(reborn, id);
    expect(await getSession(reborn, id)).toMatchObject({ exit_code: 137, asked_to_stop: true });
  });

  test('a change this version does not know stays locked', async () => {
    const id = await sessionThatIs(fixture, 'locked');
    const reborn = fixture.reborn();
    await recoverChanges(reborn);
    expect(await getSession(reborn, id)).toMatchObject({ locked: true });
  });

  test('homes without metadata are not touched', async () => {
    mkdirSync(fixture.path(`homes/${CUT_OFF_ID}`));
    mkdirSync(fixture.path('homes/.deleted-by-someone-else'));
    const reborn = fixture.reborn();
    await recoverChanges(reborn);
    await emptyLeftovers(reborn);
    expect(readdirSync(fixture.path('homes')).sort()).toEqual(['.deleted-by-someone-else', CUT_OFF_ID]);
  });
});
