import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../../protocol/limits.ts';
import { type AgentFixture, containerOf, makeAgentFixture, sessionThatIs } from '../agent-fixture.ts';
import { readSessionLog } from './logs.ts';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => fixture[Symbol.dispose]());

const AT = '2026-01-01T00:00:00.000000000Z';

test('the last lines, 200 unless told', async () => {
  const id = await sessionThatIs(fixture, 'running');
  for (let line = 1; line <= 201; line += 1) fixture.docker.print(containerOf(id), `line ${line}`);
  expect(await readSessionLog(fixture.agent, { id, tail: 2 })).toEqual({
    text: `${AT} line 200\n${AT} line 201`,
    truncated: true,
  });
  const { text, truncated } = await readSessionLog(fixture.agent, { id });
  expect(text.split('\n')[0]).toBe(`${AT} line 2`);
  expect(truncated).toBe(true);
  expect(await readSessionLog(fixture.agent, { id, tail: 201 })).toMatchObject({ truncated: false });
});

test('of a session that has ended', async () => {
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.print(containerOf(id), 'bye');
  fixture.docker.end(containerOf(id), 1);
  expect(await readSessionLog(fixture.agent, { id })).toEqual({ text: `${AT} bye`, truncated: false });
});

test('that of more than a line of the wire holds is cut at its top', async () => {
  const id = await sessionThatIs(fixture, 'running');
  for (let line = 0; line < 100; line += 1) fixture.docker.print(containerOf(id), '\u001b'.repeat(4_000));
  const result = await readSessionLog(fixture.agent, { id });
  expect(result.truncated).toBe(true);
  expect(Buffer.byteLength(JSON.stringify({ ok: true, result }))).toBeLessThan(LIMITS.lineBytes);
  expect(result.text.split('\n').length).toBeGreaterThan(30);
});

test('of one that never ran there is none, and that is said', async () => {
  const id = await sessionThatIs(fixture, 'stopped');
  await expect(readSessionLog(fixture.agent, { id })).rejects.toMatchObject({
    code: 'conflict',
    message: `logs: session "one" (${id}) has never run: there is no log yet; "restart" starts it`,
  });
});

test('nor of one whose container was taken away', async () => {
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.vanish(containerOf(id));
  await expect(readSessionLog(fixture.agent, { id })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/has no container any more/),
  });
});

test('nor of an orphan', async () => {
  const id = await sessionThatIs(fixture, 'orphan');
  await expect(readSessionLog(fixture.agent, { id })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/is only a home/),
  });
});
