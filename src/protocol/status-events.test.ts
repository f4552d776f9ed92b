import { describe, expect, test } from 'vitest';
import { StatusEvent } from './status-events.ts';

const session = {
  uuid: '0b6f3c1e-8a52-4d7b-9c01-2f3e4d5c6b7a',
  name: 'api',
  port: 0,
  protocol: 'tcp',
  dns_name: '',
  created_at: '2026-01-02T03:04:05Z',
  last_accessed: '',
  agent_id: 'abcd1234',
  attached: 0,
  running: true,
  image: 'convocate:v1',
  container_id: 'c1',
  started_at: '2026-01-02T03:04:06Z',
  locked: false,
};
const envelope = { agent_id: 'abcd1234', seq: 1, timestamp: '2026-01-02T03:04:07Z' };
const slice = { memory_bytes: 1, memory_max_bytes: null, cpu_usage_ns: 2, tasks: 3 };

const EVENTS = [
  { ...envelope, type: 'agent.started', data: { version: 'v1', image_tag: 'convocate:v1' } },
  { ...envelope, type: 'agent.snapshot', data: { sessions: [session] } },
  { ...envelope, type: 'agent.snapshot', data: { sessions: [] } },
  { ...envelope, type: 'agent.heartbeat', data: { load: [0.1, 0.2, 0.3], slice } },
  { ...envelope, type: 'agent.shutdown', data: { reason: 'SIGTERM' } },
  ...['created', 'edited', 'started', 'stopped', 'died', 'deleted', 'attached', 'detached'].map((what) => ({
    ...envelope,
    type: `container.${what}`,
    session_id: session.uuid,
    data: session,
  })),
];

describe('a status event', () => {
  test.each(EVENTS.map((event) => [event.type, event] as const))(
    '%s is read as it was sent',
    (_type, event) => {
      expect(StatusEvent.parse(JSON.parse(JSON.stringify({ ...event, later: 'field' })))).toEqual(event);
    },
  );

  const [started] = EVENTS;
  const wrong = {
    'an unknown type': { ...started, type: 'agent.exploded' },
    'no agent': { ...started, agent_id: undefined },
    'another form of agent id': { ...started, agent_id: '../abcde' },
    'no number': { ...started, seq: undefined },
    'half a number': { ...started, seq: 1.5 },
    'the data of another type': { ...started, data: { sessions: [] } },
    'no data': { ...started, data: undefined },
    'a session event without its session': { ...EVENTS.at(-1), session_id: undefined },
    'a session event with an odd id': { ...EVENTS.at(-1), session_id: '..' },
    'a snapshot with a broken session': { ...EVENTS[1], data: { sessions: [{ ...session, uuid: '' }] } },
  };
  test.each(Object.entries(wrong))('with %s is refused', (_what, event) => {
    expect(StatusEvent.safeParse(event).success).toBe(false);
  });

  test.each(['null', '[]', '"agent.started"', '{}'])('is not %s', (line) => {
    expect(StatusEvent.safeParse(JSON.parse(line)).success).toBe(false);
  });
});
