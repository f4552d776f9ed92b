// The agent's process is killed in the middle of a change: after the next start everything is old or new.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { ensureSessionImage } from './support/session-image.ts';

const FILES = 10_000;

let engine: Engine;
let image: string;
beforeAll(async () => {
  engine = await openEngine();
  image = await ensureSessionImage(engine.docker);
}, 600_000);

/** A session whose home is too large to be copied or removed in a moment. */
async function largeSession(agent: AgentUnderTest): Promise<string> {
  const { uuid: id } = await agent.call('create', { name: 'large' });
  const directory = join(agent.homes, id, 'files');
  mkdirSync(directory);
  for (let i = 0; i < FILES; i += 1) writeFileSync(join(directory, `file-${i}`), 'x');
  return id;
}

test('in a clone: the half copy is gone, the source is whole and free', { timeout: 60_000 }, async () => {
  await using agent = new AgentUnderTest(engine, image, 'exec bash');
  const kill = await agent.startToBeKilled();
  const id = await largeSession(agent);
  const clone = agent.call('clone', { source_id: id, name: 'copy' }).catch(() => 'cut off');
  await pollUntil(async () => readdirSync(agent.homes).length === 2 || undefined, {
    timeoutMs: 10_000,
    intervalMs: 1,
    what: 'the copy',
  });
  await kill();
  expect(await clone).toBe('cut off');
  expect(readdirSync(agent.homes)).toHaveLength(2);

  await agent.start();
  expect(readdirSync(agent.homes)).toEqual([id]);
  expect(readdirSync(join(agent.homes, id, 'files'))).toHaveLength(FILES);
  expect(await agent.call('list', null)).toMatchObject([{ uuid: id, name: 'large', locked: false }]);
  expect(readdirSync(join(agent.root, 'state/sessions'))).toEqual([`${id}.json`]);
});

test('in a delete, after its point of no return: it is finished', { timeout: 60_000 }, async () => {
  await using agent = new AgentUnderTest(engine, image, 'exec bash');
  const kill = await agent.startToBeKilled();
  const id = await largeSession(agent);
  const gone = agent.call('delete', { id }).catch(() => 'cut off');
  const aside = join(agent.homes, `.deleted-${id}`);
  await pollUntil(async () => existsSync(aside) || undefined, {
    timeoutMs: 10_000,
    intervalMs: 1,
    what: 'the home set aside',
  });
  await kill();
  await gone;

  await agent.start();
  expect(await agent.call('list', null)).toEqual([]);
  await expect.poll(() => readdirSync(agent.homes), { timeout: 20_000 }).toEqual([]);
  expect(readdirSync(join(agent.root, 'state/sessions'))).toEqual([]);
});

test('while sessions run: they run on, the same containers since the same time', {
  timeout: 60_000,
}, async () => {
  await using agent = new AgentUnderTest(engine, image, 'exec bash --norc');
  const kill = await agent.startToBeKilled();
  const { uuid: id } = await agent.call('create', { name: 'steady' });
  const terminal = await agent.attach({ id });
  terminal.type('work=done; echo st""arted\n');
  await terminal.shows('started');
  const before = await agent.call('get', { id });
  await kill();

  await agent.start();
  expect(await agent.call('get', { id })).toEqual({ ...before, attached: 0 });
  expect(await agent.clientProcesses(id)).toEqual([]);
  const again = await agent.attach({ id });
  again.type('echo "work is $work"\n');
  await again.shows('work is done');
  again.close();
});
