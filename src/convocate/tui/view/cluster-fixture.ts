import type { AgentView, SessionView } from '../../../protocol/shell-socket.ts';
import type { Size } from '../../own-device.ts';
import { type Cluster, type TuiState, initialState, keyOf } from '../state.ts';

/** A cluster as the golden screens show it, at one fixed moment. */
export const NOW_MS = Date.parse('2026-03-04T14:03:22Z');
export const SIZES: readonly Size[] = [
  { cols: 40, rows: 12 },
  { cols: 80, rows: 24 },
  { cols: 120, rows: 40 },
  { cols: 200, rows: 50 },
];

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

/** RFC 3339, so many minutes before now. */
export function ago(minutes: number): string {
  return new Date(NOW_MS - minutes * MINUTE_MS).toISOString();
}

export function agentAt(index: number, fields: Partial<AgentView> = {}): AgentView {
  const letter = String.fromCodePoint(97 + index);
  return {
    agent_id: `agent00${letter}`,
    host: `build-${letter}.example.net`,
    up: true,
    since: ago(600),
    version: 'v1.5.0',
    image_tag: 'convocate:v1.5.0',
    load: [0.42 + index, 0.3, 0.21],
    capacity: { cpus: 16, memory_bytes: 64 * GIB, memory_available_bytes: (41 - index) * GIB },
    slice: { memory_bytes: 12 * GIB, memory_max_bytes: 48 * GIB, cpu_usage_ns: 1, tasks: 900 },
    ...fields,
  };
}

export function sessionAt(index: number, fields: Partial<SessionView> = {}): SessionView {
  const head = index.toString(16).padStart(8, '0');
  return {
    uuid: `${head}-1c5e-4b7a-9d3f-0123456789ab`,
    name: `session-${index}`,
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: ago(60 * 30 + index),
    last_accessed: ago(index),
    agent_id: 'agent00a',
    attached: 0,
    running: true,
    image: 'convocate:v1.5.0',
    container_id: 'c0ffee',
    started_at: ago(120),
    locked: false,
    host: 'build-a.example.net',
    stale: false,
    older_image: false,
    ...fields,
  };
}

/** The state with these agents and sessions in it, its cursor on the first row. */
export function stateWith(
  size: Size,
  agents: readonly AgentView[],
  sessions: readonly SessionView[],
  cluster: Partial<Cluster> = {},
): TuiState {
  const initial = initialState(size, NOW_MS);
  const [first] = sessions;
  return {
    ...initial,
    list: { ...initial.list, selected: first && keyOf(first) },
    cluster: {
      ...initial.cluster,
      connection: 'live',
      name: 'lab',
      version: 'v1.5.0',
      load: [0.42, 0.35, 0.3],
      agents,
      sessions: new Map(sessions.map((session) => [keyOf(session), session])),
      ...cluster,
    },
  };
}

const onB = { agent_id: 'agent00b', host: 'build-b.example.net' } as const;

/** One of every kind there is. */
export const KINDS: readonly SessionView[] = [
  sessionAt(1, {
    name: 'payments-api',
    profile: 'boxed',
    attached: 2,
    port: 8080,
    dns_name: 'pay.lab',
    activity: { state: 'working', since: ago(4), detail: 'Bash: npm test' },
    memory_bytes: 1.5e9,
    cpu_percent: 142,
  }),
  sessionAt(2, {
    ...onB,
    name: 'docs-rewrite',
    activity: { state: 'waiting', since: ago(3), detail: 'permission to use Bash' },
    memory_bytes: 512e6,
    cpu_percent: 0.2,
  }),
  sessionAt(3, {
    name: 'nightly-bench',
    image: 'convocate:v1.4.2',
    older_image: true,
    port: 5353,
    protocol: 'udp',
    activity: { state: 'idle', since: ago(130), detail: '' },
    memory_bytes: 301e6,
    cpu_percent: 0,
  }),
  sessionAt(4, {
    ...onB,
    name: 'old-shell',
    profile: 'docker',
    activity: { state: 'unknown', since: ago(9), detail: '', last_output_at: ago(5) },
  }),
  sessionAt(5, { ...onB, name: 'crashed', running: false, exit_code: 1 }),
  sessionAt(6, { name: 'too-hungry', running: false, exit_code: 137, oom_killed: true }),
  sessionAt(7, { name: 'resting', running: false, exit_code: 143 }),
  sessionAt(8, { name: 'fresh', running: false, image: '', started_at: '', created_at: ago(0.5) }),
  sessionAt(9, { name: 'half-moved', locked: true, running: false }),
  sessionAt(10, { name: 'broken', damaged: 'its metadata is not JSON', running: false }),
  sessionAt(11, { name: '', orphan: true, running: false, image: '', created_at: '' }),
];

/** Claude Code's screen, more or less, as `screen` gives it with styles. */
export const LIVE_SCREEN = {
  cols: 100,
  rows: 24,
  title: 'claude',
  text: [
    '\u001b[1m> run the tests\u001b[0m',
    '',
    '\u001b[32m●\u001b[39m Bash(npm test)',
    '  ⎿  \u001b[2mTests: 212 passed, 212 total\u001b[0m',
    '',
    '\u001b[38;5;208m✻\u001b[39m Working… \u001b[2m(12s · esc to interrupt)\u001b[0m',
    `\u001b[38;2;136;136;136m${'─'.repeat(100)}\u001b[0m`,
    '> \u001b[7m \u001b[0m',
    ...Array.from({ length: 16 }, () => ''),
  ].join('\n'),
} as const;
