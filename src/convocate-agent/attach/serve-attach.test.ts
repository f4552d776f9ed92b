import { randomUUID } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import { expect, onTestFinished, test, vi } from 'vitest';
import { encodeFrame } from '../../protocol/attach-frames.ts';
import { CallLimits } from '../rpc/call-limits.ts';
import { type AgentFixture, makeAgentFixture, sessionThatIs } from '../sessions/agent-fixture.ts';
import { SESSION_SCRIPT } from '../sessions/session-scripts.ts';
import { attachSubsystem } from './serve-attach.ts';
import { SessionUse } from './session-use.ts';

interface OpenedTerminal {
  /** Our side. */
  readonly stream: Duplex;
  /** The side of the process in the container. */
  readonly program: Duplex;
}

interface Fixture extends AgentFixture {
  readonly limits: CallLimits;
  readonly terminals: OpenedTerminal[];
  /** Called when the next terminal is about to be opened. */
  onOpen: () => void;
  /** A client that sends this header; gives what it has been answered, and that again when its channel has ended. */
  readonly attach: (header: Record<string, unknown>) => {
    readonly client: Duplex;
    readonly answer: () => string;
    readonly ended: Promise<string>;
  };
}

function fixture(): Fixture {
  const agentFixture = makeAgentFixture();
  onTestFinished(() => agentFixture[Symbol.dispose]());
  const { agent, docker } = agentFixture;
  const limits = new CallLimits();
  const serve = attachSubsystem(agent, limits);
  const terminals: OpenedTerminal[] = [];
  const made: Fixture = {
    ...agentFixture,
    limits,
    terminals,
    onOpen: () => {},
    attach: (header) => {
      const [client, near] = duplexPair();
      const channel = Object.assign(near, { exit: () => {} }) as unknown as ServerChannel;
      serve(channel, { peer: { name: 'shell' }, from: 'a test', onResize: () => {} });
      client.write(`${JSON.stringify(header)}\n`);
      let answer = '';
      client.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      const ended = new Promise<string>((resolve) => client.once('end', () => resolve(answer)));
      return { client, answer: () => answer, ended };
    },
  };
  const left = new Set<Duplex>();
  docker.openTerminal = async () => {
    made.onOpen();
    const [stream, program] = duplexPair();
    terminals.push({ stream, program });
    const running = (): boolean => !left.has(stream);
    return {
      stream,
      resize: async () => {},
      status: async () => ({ running: running(), exitCode: running() ? undefined : 0 }),
    };
  };
  docker.script(SESSION_SCRIPT.detachClient, () => {
    const last = terminals.at(-1)?.stream;
    if (last) left.add(last.destroy());
    return { exitCode: 0, output: '' };
  });
  return made;
}

const BUSY = '{"ok":false,"error":"the agent is about to restart","code":"busy"}\n';

test('where the time of the attach cannot be noted, it goes on all the same', async () => {
  const made = fixture();
  const { store, attached } = made.agent;
  const id = await sessionThatIs(made, 'running');
  store.update = async (uuid, change) => {
    const stored = (await store.find(uuid))?.stored;
    if (stored && change(stored) !== stored) throw new Error('ENOSPC: no space left on device, write');
    return stored;
  };
  const { answer, ended } = made.attach({ id });
  await expect.poll(() => attached.all()).toHaveLength(1);
  made.terminals[0]?.program.write('hello');
  await expect.poll(answer).toBe('hello');
  for (const client of attached.all()) await client.detach();
  expect(await ended).toBe('hello');
});

test.each([
  ['a raw terminal', {}, Buffer.from('ls')],
  [
    'one that outlives its channel',
    { resumable: { terminal_id: randomUUID() } },
    encodeFrame({ type: 'data', bytes: Buffer.from('ls') }),
  ],
])('of %s the keys count as use of the session, and so does its end', async (_, header, keys) => {
  const made = fixture();
  const typed = vi.spyOn(SessionUse.prototype, 'typed');
  onTestFinished(() => typed.mockRestore());
  const id = await sessionThatIs(made, 'running');
  const { client, answer } = made.attach({ id, ...header });
  await expect.poll(() => made.agent.attached.all()).toHaveLength(1);
  made.terminals[0]?.program.write('[detached (from session session)]');
  await expect.poll(answer).toContain('detached');
  client.write(keys);
  await expect.poll(() => typed.mock.calls.length).toBe(1);
  await made.agent.store.update(id, (stored) => ({ ...stored, last_accessed: 'days ago' }));
  for (const attached of made.agent.attached.all()) await attached.detach();
  await expect.poll(() => made.events.at(-1)?.type).toBe('container.detached');
  expect(made.events.at(-1)?.data).toMatchObject({ last_accessed: made.agent.now().toISOString() });
});

test('the end of a terminal that an agent takes away because it stops is no use of the session', async () => {
  const made = fixture();
  const id = await sessionThatIs(made, 'running');
  made.attach({ id, resumable: { terminal_id: randomUUID() } });
  await expect.poll(() => made.agent.attached.all()).toHaveLength(1);
  await made.agent.store.update(id, (stored) => ({ ...stored, last_accessed: 'days ago' }));
  for (const attached of made.agent.attached.all()) await attached.detach('stopping');
  await expect.poll(() => made.events.at(-1)?.type).toBe('container.detached');
  expect(made.events.at(-1)?.data).toMatchObject({ last_accessed: 'days ago' });
});

test.each([
  ['a new terminal', {}],
  ['a new one that outlives its channel', { resumable: { terminal_id: randomUUID() } }],
  ['one that is held', { resumable: { terminal_id: randomUUID(), received: 0 } }],
])('an agent that is about to end is busy for %s', async (_, header) => {
  const made = fixture();
  const id = await sessionThatIs(made, 'running');
  made.limits.close();
  expect(await made.attach({ id, ...header }).ended).toBe(BUSY);
  expect(made.terminals).toEqual([]);
});

test('it starts no session for an attach', async () => {
  const made = fixture();
  const id = await sessionThatIs(made, 'stopped');
  const inspect = made.docker.inspectContainer.bind(made.docker);
  made.docker.inspectContainer = async (container) => {
    made.limits.close();
    return await inspect(container);
  };
  expect(await made.attach({ id }).ended).toBe(BUSY);
  expect(made.docker.calls).toEqual([]);
});

test('a terminal that came too late for an agent that ends leaves no process in the container', async () => {
  const made = fixture();
  const id = await sessionThatIs(made, 'running');
  made.onOpen = () => made.limits.close();
  expect(await made.attach({ id, resumable: { terminal_id: randomUUID() } }).ended).toBe(BUSY);
  expect(made.docker.calls).toEqual([expect.stringContaining(SESSION_SCRIPT.detachClient)]);
  expect(made.terminals.map(({ stream }) => stream.destroyed)).toEqual([true]);
  expect(made.agent.attached.all()).toEqual([]);
});

test('of two that bring one terminal id at the same moment, one gets a terminal and the other leaves none behind', async () => {
  const made = fixture();
  const id = await sessionThatIs(made, 'running');
  const resumable = { terminal_id: randomUUID() };
  const [first, second] = [made.attach({ id, resumable }), made.attach({ id, resumable })];
  expect(await Promise.race([first.ended, second.ended])).toMatch(/"code":"conflict"/);
  expect(made.terminals.map(({ stream }) => stream.destroyed)).toEqual([false, true]);
  expect(made.agent.attached.all()).toHaveLength(1);
});
