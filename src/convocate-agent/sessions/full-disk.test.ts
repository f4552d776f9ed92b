import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { type AgentFixture, containerOf, makeAgentFixture, sessionThatIs } from './agent-fixture.ts';
import { getSession } from './describe-session.ts';
import { deleteSession } from './operations/delete.ts';
import { editSession } from './operations/edit.ts';
import { killSession } from './operations/kill.ts';
import { emptyLeftovers, recoverChanges } from './recover.ts';
import { lookAndTell } from './watch-containers.ts';

vi.mock(import('../../base/atomic-file.ts'), async (original) => {
  const { writeFileAtomic: write, ...rest } = await original();
  return { ...rest, writeFileAtomic: vi.fn(write) };
});

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => {
  vi.mocked(writeFileAtomic).mockReset();
  fixture[Symbol.dispose]();
});

function fail(code: string): void {
  vi.mocked(writeFileAtomic).mockImplementation(async () => {
    throw Object.assign(new Error(`${code}: cannot write`), { code });
  });
}

test.each(['ENOSPC', 'EDQUOT'])(
  '(%s) a session can be killed, and it is known how it ended',
  async (code) => {
    const id = await sessionThatIs(fixture, 'running');
    fail(code);
    await killSession(fixture.agent, id);
    expect(fixture.docker.calls).toEqual([`stopContainer ${containerOf(id)} 10`]);
    const ended = { running: false, exit_code: 143, asked_to_stop: true, locked: false };
    expect(await getSession(fixture.agent, id)).toMatchObject(ended);
    vi.mocked(writeFileAtomic).mockReset();
    await lookAndTell(fixture.agent, id);
    expect((await fixture.reborn().store.find(id))?.stored?.container).toMatchObject({ asked_to_stop: true });
  },
);

test('a session can be deleted, which makes room', async () => {
  const id = await sessionThatIs(fixture, 'running');
  fail('ENOSPC');
  await deleteSession(fixture.agent, id);
  expect(readdirSync(fixture.path('homes'))).toEqual([]);
  expect(readdirSync(fixture.path('sessions'))).toEqual([]);
});

test('a delete that is cut off after its home was set aside is finished by another one', async () => {
  const id = await sessionThatIs(fixture, 'stopped');
  fail('ENOSPC');
  fixture.agent.store.remove = async () => {
    throw new Error('the agent is killed here');
  };
  await expect(deleteSession(fixture.agent, id)).rejects.toThrow('killed here');
  const reborn = fixture.reborn();
  await recoverChanges(reborn);
  await emptyLeftovers(reborn);
  expect(readdirSync(fixture.path('homes'))).toEqual([]);
  expect(await getSession(reborn, id)).toMatchObject({ running: false, locked: false });
  await deleteSession(reborn, id);
  expect(readdirSync(fixture.path('sessions'))).toEqual([]);
});

test('what needs room is not begun, and nor is anything on a disk that fails in another way', async () => {
  const id = await sessionThatIs(fixture, 'running');
  fail('ENOSPC');
  await expect(editSession(fixture.agent, { id, name: 'two' })).rejects.toThrow('ENOSPC');
  fail('EIO');
  await expect(killSession(fixture.agent, id)).rejects.toThrow('EIO');
  expect(fixture.docker.calls).toEqual([]);
});
