import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../sessions/agent.ts';
import { makeAgentFixture, sessionThatIs } from '../sessions/agent-fixture.ts';
import { SessionUse } from './session-use.ts';

const START_MS = Date.parse('2026-01-02T04:00:00.000Z');

/** A terminal on a session, by a clock that the test turns. */
async function using() {
  const fixture = makeAgentFixture();
  onTestFinished(() => fixture[Symbol.dispose]());
  const id = await sessionThatIs(fixture, 'running');
  let passedMs = 0;
  const agent: Agent = { ...fixture.agent, now: () => new Date(START_MS + passedMs) };
  let writes = 0;
  const update = agent.store.update.bind(agent.store);
  agent.store.update = async (...change) => {
    writes += 1;
    return await update(...change);
  };
  const use = new SessionUse(agent, id, () => passedMs);
  return {
    use,
    events: fixture.events,
    writes: () => writes,
    pass: (ms: number) => (passedMs += ms),
    lastUse: async () => (await agent.store.find(id))?.stored?.last_accessed,
  };
}

test('keys count as use, are noted once a minute, and are no events', async () => {
  const { use, events, writes, pass, lastUse } = await using();
  await use.note();
  expect(await lastUse()).toBe('2026-01-02T04:00:00.000Z');
  for (let second = 0; second < 150; second += 1) {
    pass(1_000);
    use.typed();
  }
  await expect.poll(lastUse).toBe('2026-01-02T04:02:00.000Z');
  expect(writes()).toBe(3);
  expect(events).toEqual([]);
});

test('its end counts too, however soon', async () => {
  const { use, pass, lastUse } = await using();
  await use.note();
  pass(1_000);
  await use.note();
  expect(await lastUse()).toBe('2026-01-02T04:00:01.000Z');
});
