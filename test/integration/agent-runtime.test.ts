import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { ensureSessionImage } from './support/session-image.ts';

let engine: Engine;
let agent: AgentUnderTest;

describe('smoke', () => {
  beforeAll(async () => {
    engine = await openEngine();
    agent = new AgentUnderTest(engine, await ensureSessionImage(engine.docker), 'exec bash --norc');
    await agent.start();
  }, 300_000);
  afterAll(() => agent[Symbol.asyncDispose]());

  test('life of a session', { timeout: 60_000 }, async () => {
    console.log(await agent.call('ping', null));
    const s = await agent.call('create', { name: 'one', port: -1 });
    console.log(s);
    await agent.call('restart', { id: s.uuid });
    console.log(await agent.call('get', { id: s.uuid }));
    const t = await agent.attach({ id: s.uuid, cols: 90, rows: 30 });
    t.type('stty size; echo $TERM $((40+2))\n');
    await t.shows('30 90');
    await t.shows('42');
    console.log(await agent.clientProcesses(s.uuid), (await agent.call('get', { id: s.uuid })).attached);
    t.close();
    await agent.until(s.uuid, (x) => x.attached === 0);
    console.log(await agent.clientProcesses(s.uuid));
    await agent.call('kill', { id: s.uuid });
    console.log(await agent.call('list', null));
    await agent.call('delete', { id: s.uuid });
    console.log(await agent.call('list', null));
  });
});
