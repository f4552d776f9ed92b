import { expect, test } from 'vitest';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { type Choice, chooseSessions } from './choose-sessions.ts';

const plain: SessionView = {
  uuid: '11111111-1111-4111-8111-111111111111',
  name: '',
  agent_id: 'aaaaaaaa',
  port: 0,
  protocol: 'tcp',
  dns_name: '',
  created_at: '',
  last_accessed: '2026-01-01T00:00:00Z',
  attached: 0,
  running: true,
  image: '',
  container_id: '',
  started_at: '',
  locked: false,
  host: 'one',
  stale: false,
  older_image: false,
};
const waiting = { state: 'waiting', since: '', detail: '' } as const;
const sessions: SessionView[] = [
  { ...plain, name: 'quiet' },
  { ...plain, name: 'latest', last_accessed: '2026-01-02T00:00:00Z', attached: 1, older_image: true },
  { ...plain, name: 'never', last_accessed: '', running: false, agent_id: 'bbbbbbbb' },
  { ...plain, name: 'waits', activity: waiting, uuid: '22222222-2222-4222-8222-222222222222' },
  { ...plain, name: 'killed', running: false, exit_code: 143, last_accessed: '2020' },
  { ...plain, name: 'killed -9', running: false, exit_code: 137, last_accessed: '2019' },
  { ...plain, name: 'waited', activity: waiting, running: false, exit_code: 0, last_accessed: '2025' },
  { ...plain, name: 'crashed', running: false, exit_code: 1, last_accessed: '2024' },
  { ...plain, name: 'starved', running: false, oom_killed: true, last_accessed: '2023' },
  { ...plain, name: 'damaged', damaged: 'not JSON', last_accessed: '2022' },
  { ...plain, name: 'locked', locked: true, last_accessed: '2021' },
];

test.each<[string, Choice, string[]]>([
  [
    'all, the last used first, one never used last',
    {},
    [
      'latest',
      'quiet',
      'waits',
      'waited',
      'crashed',
      'starved',
      'damaged',
      'locked',
      'killed',
      'killed -9',
      'never',
    ],
  ],
  ['of one agent', { agent: 'bbbbbbbb' }, ['never']],
  ['in one state', { state: 'connected' }, ['latest']],
  ['of an older image', { olderImage: true }, ['latest']],
  [
    'that need someone',
    { needsAttention: true },
    ['waits', 'crashed', 'starved', 'damaged', 'locked', 'killed -9'],
  ],
  ['that fit every part', { needsAttention: true, state: 'stopped' }, ['crashed', 'starved', 'killed -9']],
])('%s', (_, choice, names) => {
  expect(chooseSessions(sessions, choice).map(({ name }) => name)).toEqual(names);
});
