import { expect, test } from 'vitest';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { activityOf, notesOf, renderSessions } from './session-table.ts';

const nowMs = Date.parse('2026-01-03T00:00:00Z');
const plain: SessionView = {
  uuid: '11111111-1111-4111-8111-111111111111',
  name: 'build',
  agent_id: 'aaaaaaaa',
  port: 8080,
  protocol: 'tcp',
  dns_name: '',
  created_at: '2026-01-01T00:00:00Z',
  last_accessed: '',
  attached: 0,
  running: true,
  image: 'convocate:v2',
  container_id: '',
  started_at: '',
  locked: false,
  host: 'one',
  stale: false,
  older_image: false,
};
const activity = { state: 'waiting', since: '2026-01-02T23:57:00Z', detail: 'a permission' } as const;
const sessions: SessionView[] = [
  { ...plain, activity },
  { ...plain, name: 'watched', attached: 2, image: 'convocate:v1', older_image: true, port: 0 },
  {
    ...plain,
    name: 'far',
    host: 'two',
    agent_id: 'bbbbbbbb',
    running: false,
    image: '',
    stale: true,
    exit_code: 137,
  },
  { ...plain, name: '\u001b[2Jevil\u202e', damaged: 'not JSON', created_at: '', protocol: 'udp' },
];

test('the state comes first, an older image and a stale row are marked, control characters are not printed', () => {
  expect(renderSessions(sessions, { nowMs }).split('\n')).toEqual([
    'S   NAME       AGENT  IMAGE  PORT      AGE  ATT  ACTIVITY    UUID',
    'R   build      one    v2     8080/tcp  2d   0    waiting 3m  11111111-1111-4111-8111-111111111111',
    'C   watched    one    v1*    -         2d   2    -           11111111-1111-4111-8111-111111111111',
    '-?  far        two    -      8080/tcp  2d   0    exit 137    11111111-1111-4111-8111-111111111111',
    '!   \u{fffd}[2Jevil\u{fffd}  one    v2     8080/udp  -    0    -           11111111-1111-4111-8111-111111111111',
  ]);
});

test('a profile that is looser than the default one is marked, and told beneath', () => {
  const boxed = { ...plain, profile: 'boxed' };
  const docker = { ...plain, name: 'deploy', profile: 'docker' };
  const names = renderSessions([boxed, docker], { nowMs })
    .split('\n')
    .map((line) => line.split(/ +/)[1]);
  expect(names).toEqual(['NAME', 'build', 'deploy#']);
  expect(notesOf([boxed], [], nowMs)).toEqual([]);
  expect(notesOf([boxed, docker, docker, { ...docker, profile: 'a\u0007' }], [], nowMs)).toEqual([
    "# a looser profile than boxed (a\u{fffd}, docker): set its agent's profile, kill, then restart the session to leave it",
  ]);
});

test('where a row does not fit, all UUIDs are cut to 8 characters, and then the activity goes', () => {
  const head = (width: number): string[] =>
    renderSessions(sessions, { nowMs, width }).split('\n').slice(0, 2);
  expect(head(69)).toEqual([
    'S   NAME       AGENT  IMAGE  PORT      AGE  ATT  ACTIVITY    UUID',
    'R   build      one    v2     8080/tcp  2d   0    waiting 3m  11111111',
  ]);
  expect(head(68)).toEqual([
    'S   NAME       AGENT  IMAGE  PORT      AGE  ATT  UUID',
    'R   build      one    v2     8080/tcp  2d   0    11111111',
  ]);
  expect(renderSessions(sessions, { nowMs, width: 97 })).toBe(renderSessions(sessions, { nowMs }));
  expect(renderSessions(sessions, { nowMs, width: 96 })).not.toBe(renderSessions(sessions, { nowMs }));
});

test('of a program that has ended it is told how', () => {
  const started_at = '2026-01-01T00:00:00Z';
  const ended = { ...plain, running: false };
  expect(activityOf({ ...ended, started_at: '' }, nowMs)).toBe('new');
  expect(activityOf({ ...ended, started_at, exit_code: 0 }, nowMs)).toBe('exit 0');
  expect(activityOf({ ...ended, started_at, exit_code: 1 }, nowMs)).toBe('exit 1');
  expect(activityOf({ ...ended, exit_code: 137, oom_killed: true }, nowMs)).toBe('exit 137, out of memory');
  expect(activityOf({ ...ended, exit_code: 137, asked_to_stop: true }, nowMs)).toBe('stopped');
});

test('notes tell of older images, agents that are down, and damage', () => {
  const one: AgentView = {
    agent_id: 'aaaaaaaa',
    host: 'one',
    up: true,
    since: '',
    version: '',
    image_tag: '',
    load: [],
  };
  const two = {
    ...one,
    agent_id: 'bbbbbbbb',
    host: 'two',
    up: false,
    since: '2026-01-02T23:00:00Z',
    problem: 'cut',
  };
  const three = { ...two, agent_id: 'cccccccc', host: 'three' };
  expect(notesOf(sessions, [one, two, three], nowMs)).toEqual([
    '* an older image than its agent runs now: kill, then restart the session to move it',
    'agent two (bbbbbbbb) is down since 2026-01-02T23:00:00Z (1h): cut; its sessions (?) are shown as last seen',
    'agent three (cccccccc) is down since 2026-01-02T23:00:00Z (1h): cut',
    'session 11111111-1111-4111-8111-111111111111 on one is damaged: not JSON',
  ]);
  expect(notesOf([plain], [one], nowMs)).toEqual([]);
  const since = '2026-01-02T23:00:00Z';
  const deaf = { ...one, docker: { answers: false, since } };
  const silent = { ...one, status_link: { up: false, since, version: '' } };
  expect(notesOf([plain], [deaf, silent], nowMs)).toEqual([
    'agent one (aaaaaaaa): Docker does not answer for 1h; its rows are as seen last',
    'agent one (aaaaaaaa): no events for 1h; its memory, CPU and load are not known',
  ]);
});
