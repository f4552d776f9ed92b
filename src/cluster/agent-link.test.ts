import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RpcError } from '../protocol/error-codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { AgentClient } from './agent-client.ts';
import { AgentLink } from './agent-link.ts';
import { session } from './cluster-fixture.ts';

const record = {
  agentId: 'aaaaaaaa',
  host: 'one',
  address: '192.0.2.1',
  port: 222,
  registeredAt: '2026-01-01T00:00:00Z',
};
const pong = {
  agent_id: 'aaaaaaaa',
  version: 'v2',
  protocol: 1,
  server_time: '2026-01-01T00:00:00Z',
  image_tag: 'convocate:v2',
};

/** An agent that answers at once, until it hangs; calls that wait are answered when it wakes, or given up in time. */
class FakeAgent {
  hung = false;
  asked: string[] = [];
  connections = 0;
  /** As if an operator's call were under way. */
  otherCalls = 0;
  listFails = false;
  #onWake: (() => void)[] = [];

  connect = async (): Promise<AgentClient> => {
    this.connections += 1;
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const otherCalls = (): number => this.otherCalls;
    return {
      call: () => Promise.reject(new RpcError('busy', '20 calls to one are under way')), // others', all of them
      ping: async () => (await this.#answer('ping')) as Awaited<ReturnType<AgentClient['ping']>>,
      list: async () => (await this.#answer('list')) as Awaited<ReturnType<AgentClient['list']>>,
      attach: () => Promise.reject(new Error('not here')),
      terminals: 0,
      get calls() {
        return otherCalls();
      },
      closed,
      close: async () => resolve('closed'),
      [Symbol.asyncDispose]: async () => resolve('closed'),
    };
  };

  wake(): void {
    this.hung = false;
    for (const answer of this.#onWake.splice(0)) answer();
  }

  async #answer(op: string): Promise<unknown> {
    this.asked.push(op);
    if (this.hung)
      await new Promise<void>((resolve, reject) => {
        this.#onWake.push(resolve);
        setTimeout(() => reject(new Error(`no answer to ${op}`)), LIMITS.readCallMs);
      });
    if (op === 'list' && this.listFails) throw new Error('docker is down');
    return op === 'ping' ? pong : [session('11111111-1111-4111-8111-111111111111')];
  }
}

let agent: FakeAgent;
let link: AgentLink;
let told: string[];
let hasEvents: boolean;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
  agent = new FakeAgent();
  told = [];
  hasEvents = true;
  link = new AgentLink({
    record,
    connect: agent.connect,
    backoff: () => 1_000,
    events: {
      onUp: () => told.at(-1) !== 'up' && told.push('up'),
      onDown: (problem) => told.push(problem),
      hasEvents: () => hasEvents,
      onAsk: () => 0,
      onList: () => told.push('list'),
    },
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['list', 'up']);
  told = [];
});

afterEach(async () => {
  agent.wake(); // a real connection would give up its calls when it is closed
  await link.stop();
  vi.useRealTimers();
});

test('it is pinged every 5 s and asked for its list every 30 s', async () => {
  agent.asked = [];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(agent.asked.filter((op) => op === 'ping')).toHaveLength(12);
  expect(agent.asked.filter((op) => op === 'list')).toHaveLength(2);
});

test('while its events do not come, each ping is followed by a list', async () => {
  hasEvents = false;
  agent.asked = [];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(agent.asked).toEqual(['ping', 'list', 'ping', 'list']);
});

test('one that hangs is down after 9 s, and is not to be asked', async () => {
  agent.hung = true;
  await vi.advanceTimersByTimeAsync(8_999);
  expect(told).toEqual([]);
  expect(link.client).toBeDefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(told).toEqual([
    'the agent did not answer ping within 4 s; it last answered at 2026-01-01T00:00:00.000Z',
  ]);
  expect(link.client).toBeUndefined();
});

test('its late answer brings it back at once, with a fresh list, on the same connection', async () => {
  agent.hung = true;
  await vi.advanceTimersByTimeAsync(12_000);
  told = [];
  agent.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['list', 'up']);
  expect(link.client).toBeDefined();
  expect(agent.connections).toBe(1);
});

test('it is connected to anew when it gives no answer at all', async () => {
  agent.hung = true;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(told.at(-1)).toBe('no answer to ping');
  agent.wake();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.slice(-2)).toEqual(['list', 'up']);
  expect(agent.connections).toBe(2);
});

test('but not while somebody uses the connection', async () => {
  agent.otherCalls = 1;
  agent.hung = true;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(agent.connections).toBe(1);
  agent.wake();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.slice(-2)).toEqual(['list', 'up']);
  expect(agent.connections).toBe(1);
});

test('one that answers pings and gives no list is down until it gives one', async () => {
  agent.listFails = true;
  agent.otherCalls = 1;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told.at(-1)).toBe('docker is down');
  agent.listFails = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.slice(-2)).toEqual(['list', 'up']);
});
