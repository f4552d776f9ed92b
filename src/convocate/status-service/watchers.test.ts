import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SESSION_A as A, SESSION_B as B, agentState, session } from '../../cluster/cluster-fixture.ts';
import type { AgentState } from '../../cluster/cluster-state.ts';
import { agentViewOf, sessionViewsOf } from '../../cluster/cluster-views.ts';
import { LiveRows } from '../../cluster/live-rows.ts';
import type { ClusterChange } from '../../protocol/shell-socket.ts';
import { Watchers } from './watchers.ts';

/** A client that takes nothing while `stuck`. */
class Client extends Writable {
  readonly chunks: Buffer[] = [];
  stuck = false;
  #taken: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.chunks.push(chunk);
    if (this.stuck) this.#taken = taken;
    else taken();
  }

  read(): void {
    this.stuck = false;
    this.#taken?.();
  }

  get lines(): ClusterChange[] {
    return this.chunks.slice(1).map((chunk) => JSON.parse(String(chunk)) as ClusterChange);
  }
}

let rows: LiveRows;
let state: AgentState;
let listeners: (() => void)[];
let watchers: Watchers;
let problems: string[];

beforeEach(() => {
  vi.useFakeTimers();
  rows = new LiveRows();
  state = agentState('aaaaaaaa', session(A), session(B));
  rows.showState(undefined, state);
  listeners = [];
  problems = [];
  watchers = new Watchers({
    live: {
      rows,
      agents: () => [agentViewOf(state)],
      sessions: () => sessionViewsOf(state),
      onChange: (listener) => {
        listeners.push(listener);
        return () => listeners.splice(listeners.indexOf(listener), 1);
      },
    },
    name: 'lab',
    version: 'v2',
    load: () => [0.5],
    nowMs: () => Date.now(),
    onProblem: (message) => problems.push(message),
  });
});

afterEach(() => {
  watchers.close();
  expect(listeners).toEqual([]);
  vi.useRealTimers();
});

function change(...sessions: Parameters<typeof session>[]): void {
  const after = agentState('aaaaaaaa', ...sessions.map((one) => session(...one)));
  rows.showState(state, after);
  state = after;
  for (const listener of listeners) listener();
}

/** Streams hand on in ticks of the process, which no clock turns. */
async function turn(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function join(client = new Client()): Client {
  watchers.add(client);
  return client;
}

const attachedIn = (lines: readonly ClusterChange[]): unknown =>
  lines.map(({ sessions }) => sessions?.map(({ uuid, attached }) => [uuid, attached]));

test('all there is comes first', async () => {
  const client = join();
  await turn(0);
  expect(JSON.parse(String(client.chunks[0]))).toEqual({
    ok: true,
    result: {
      name: 'lab',
      version: 'v2',
      load: [0.5],
      agents: [agentViewOf(state)],
      sessions: sessionViewsOf(state),
    },
  });
});

test('a change after a quiet moment comes at once, those behind it merged', async () => {
  const client = join();
  await turn(1_000);
  change([A, { attached: 1 }], [B]);
  await turn(0);
  expect(attachedIn(client.lines)).toEqual([[[A, 1]]]);
  change([A, { attached: 2 }], [B]);
  change([A, { attached: 3 }], [B]);
  change([A, { attached: 3 }], [B, { attached: 4 }]);
  await turn(9);
  expect(client.lines).toHaveLength(1);
  await turn(1);
  expect(attachedIn(client.lines)).toEqual([
    [[A, 1]],
    [
      [A, 3],
      [B, 4],
    ],
  ]);
});

test('no change waits longer because more of them keep the process from its timers', async () => {
  const client = join();
  await turn(1_000);
  change([A, { attached: 1 }], [B]);
  change([A, { attached: 2 }], [B]);
  vi.setSystemTime(Date.now() + 10);
  change([A, { attached: 3 }], [B]);
  await turn(0);
  expect(attachedIn(client.lines)).toEqual([[[A, 1]], [[A, 3]]]);
  await turn(100);
  expect(client.lines).toHaveLength(2);
});

test('a slow client costs nothing meanwhile, and is told the outcome when it has room', async () => {
  const slow = join();
  await turn(0);
  slow.stuck = true;
  change([A, { attached: 1 }], [B]);
  for (let attached = 2; attached <= 500; attached += 1) {
    change([A, { attached }], [B]);
    await turn(20);
  }
  change([A, { attached: 500 }]);
  await turn(20);
  expect(slow.chunks).toHaveLength(2);
  expect(slow.writableLength).toBe(slow.chunks[1]?.length);
  slow.read();
  await turn(0);
  expect(slow.lines.slice(1)).toEqual([
    {
      sessions: [expect.objectContaining({ uuid: A, attached: 500 })],
      gone_sessions: [{ agent_id: 'aaaaaaaa', uuid: B }],
    },
  ]);
});

test('those in step share one line; the slow one does not hold them up', async () => {
  const [one, two, slow] = [join(), join(), join()];
  await turn(1_000);
  slow.stuck = true;
  change([A, { attached: 1 }], [B]);
  await turn(20);
  change([A, { attached: 2 }], [B]);
  await turn(0);
  expect(one.chunks).toHaveLength(3);
  expect(one.chunks[0]).toBe(two.chunks[0]);
  expect(one.chunks[2]).toBe(two.chunks[2]);
  expect(slow.chunks).toHaveLength(2);
});

test('a beat comes every 5 s with the load, though nothing happens', async () => {
  const client = join();
  await turn(10_000);
  expect(client.lines).toEqual([{ load: [0.5] }, { load: [0.5] }]);
});

test('a client that takes nothing for a minute is hung up on', async () => {
  const dead = join();
  const well = join();
  await turn(0);
  dead.stuck = true;
  change([A, { attached: 1 }], [B]);
  await turn(55_000);
  expect(watchers.count).toBe(2);
  await turn(10_000);
  expect([dead.destroyed, well.destroyed, watchers.count]).toEqual([true, false, 1]);
  expect(problems).toEqual(['a client that watches took nothing for 60 s: hung up on it']);
});

test('what went is remembered only for those who were not told', async () => {
  const slow = join();
  await turn(0);
  const { revision } = rows;
  slow.stuck = true;
  change([A, { attached: 1 }], [B]);
  await turn(20);
  change([A, { attached: 1 }]);
  await turn(20);
  expect(rows.since(revision)).toHaveProperty('gone_sessions');
  slow.read();
  await turn(20);
  change([A, { attached: 2 }]);
  await turn(20);
  expect(rows.since(revision)).not.toHaveProperty('gone_sessions');
});

test('a client that left is written to no more', async () => {
  const client = join();
  await turn(0);
  client.end();
  change([A, { attached: 1 }], [B]);
  await turn(20);
  client.destroy();
  await turn(0);
  expect([client.lines, watchers.count]).toEqual([[], 0]);
});
