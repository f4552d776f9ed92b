import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALLOWED, type SessionAction } from '../../protocol/session-actions.ts';
import {
  type AgentFixture,
  type Situation,
  TEST_IMAGE,
  containerOf,
  makeAgentFixture,
  sessionThatIs,
} from './agent-fixture.ts';
import { getSession, listSessions } from './describe-session.ts';
import { backgroundSession } from './operations/background.ts';
import { cloneSession } from './operations/clone.ts';
import { createSession } from './operations/create.ts';
import { deleteSession } from './operations/delete.ts';
import { editSession } from './operations/edit.ts';
import { killSession } from './operations/kill.ts';
import { overrideSession } from './operations/override.ts';
import { restartSession } from './operations/restart.ts';
import { readScreen } from './operations/screen.ts';
import { sendToSession } from './operations/send.ts';
import { lookAndTell, lookAtContainer } from './watch-containers.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => fixture[Symbol.dispose]());

function filesBelow(directory: string): [string, string][] {
  return readdirSync(directory).map((name) => [name, readFileSync(`${directory}/${name}`, 'utf8')]);
}

type Operation = (id: string) => Promise<unknown>;

const OPERATIONS: Record<Exclude<SessionAction, 'attach'>, Operation> = {
  kill: (id) => killSession(fixture.agent, id),
  restart: (id) => restartSession(fixture.agent, id),
  edit: (id) => editSession(fixture.agent, { id, name: 'two' }),
  clone: (id) => cloneSession(fixture.agent, { source_id: id, name: 'copy' }),
  delete: (id) => deleteSession(fixture.agent, id),
  background: (id) => backgroundSession(fixture.agent, id),
  override: (id) => overrideSession(fixture.agent, id),
  send: (id) => sendToSession(fixture.agent, { id, text: 'hello' }),
  screen: (id) => readScreen(fixture.agent, { id }),
};
/** They change nothing that another change could be in the way of. */
const NEVER_BUSY: ReadonlySet<string> = new Set(['background', 'screen']);
const ACTIONS = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
const SITUATIONS: Situation[] = ['stopped', 'running', 'connected', 'locked', 'damaged', 'orphan'];

const everyState = SITUATIONS.flatMap((state) => ACTIONS.map((action) => ({ state, action })));

describe('every operation in every state', () => {
  test.each(everyState)('$action on a $state session', async ({ state, action }) => {
    const id = await sessionThatIs(fixture, state);
    fixture.docker.script('timeout', { exitCode: 0, output: '$\n80 24 1 2 0 title\n' });
    const before = filesBelow(fixture.path('sessions'));
    if (ALLOWED[state][action]) {
      await OPERATIONS[action](id);
      return;
    }
    await expect(OPERATIONS[action](id)).rejects.toMatchObject({ code: 'conflict' });
    expect(filesBelow(fixture.path('sessions'))).toEqual(before);
    expect(existsSync(fixture.path(`homes/${id}/.profile`))).toBe(true);
    expect(fixture.docker.calls).toEqual([]);
    expect(fixture.events).toEqual([]);
  });

  test.each(ACTIONS)('%s on a session that is not there is not_found', async (action) => {
    await expect(OPERATIONS[action](UNKNOWN_ID)).rejects.toMatchObject({ code: 'not_found' });
    expect(fixture.docker.calls).toEqual([]);
  });

  const odd = [
    '',
    '.',
    '..',
    '.ssh',
    '../homes',
    'ABC',
    `${UNKNOWN_ID}/..`,
    UNKNOWN_ID.toUpperCase().replace('4', 'A'),
  ];
  test.each(odd.flatMap((id) => ACTIONS.map((action) => ({ id, action }))))(
    '$action refuses the id "$id"',
    async ({ id, action }) => {
      mkdirSync(fixture.path('homes/.ssh'));
      await expect(OPERATIONS[action](id)).rejects.toMatchObject({ code: 'bad_request' });
      expect(readdirSync(fixture.path('homes'))).toEqual(['.ssh']);
      expect(fixture.docker.calls).toEqual([]);
    },
  );

  test.each(ACTIONS.filter((action) => !NEVER_BUSY.has(action)))(
    '%s while another change is under way is busy',
    async (action) => {
      const id = await sessionThatIs(fixture, 'running');
      const release = fixture.docker.holdNext('stopContainer');
      const kill = killSession(fixture.agent, id);
      await expect.poll(() => fixture.docker.calls).toContain(`stopContainer ${containerOf(id)} 10`);
      await expect(OPERATIONS[action](id)).rejects.toMatchObject({ code: 'busy' });
      expect(await getSession(fixture.agent, id)).toMatchObject({ locked: true });
      release();
      await kill;
      expect(await getSession(fixture.agent, id)).toMatchObject({ locked: false, running: false });
    },
  );
});

describe('create', () => {
  test('makes a home from the skel, metadata, an event, and no container', async () => {
    const session = await createSession(fixture.agent, { name: 'one' });
    expect(session).toEqual({
      uuid: session.uuid,
      name: 'one',
      port: 0,
      protocol: 'tcp',
      dns_name: '',
      created_at: '2026-01-02T03:04:05.000Z',
      last_accessed: '2026-01-02T03:04:05.000Z',
      agent_id: 'agent001',
      attached: 0,
      running: false,
      image: '',
      container_id: '',
      started_at: '',
      locked: false,
    });
    expect(readFileSync(fixture.path(`homes/${session.uuid}/.profile`), 'utf8')).toBe('skel\n');
    expect(statSync(fixture.path(`homes/${session.uuid}`)).mode & 0o777).toBe(0o700);
    expect(statSync(fixture.path(`sessions/${session.uuid}.json`)).mode & 0o777).toBe(0o600);
    expect(readdirSync(fixture.path('sessions'))).toEqual([`${session.uuid}.json`]);
    expect(fixture.events).toEqual([{ type: 'container.created', session_id: session.uuid, data: session }]);
    expect(fixture.docker.calls).toEqual([]);
  });

  test('automatic ports start at 1001 and pass over sessions and the host', async () => {
    fixture.hostPorts.add(1002);
    const ports: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      ports.push((await createSession(fixture.agent, { name: `s${i}`, port: -1 })).port);
    }
    expect(ports).toEqual([1001, 1003, 1004]);
  });

  test('twenty at the same time get twenty ports', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => createSession(fixture.agent, { name: `s${i}`, port: -1 })),
    );
    expect(new Set(made.map(({ port }) => port)).size).toBe(20);
  });

  test('a port may be taken once per protocol; the conflict names who has it', async () => {
    const tcp = await createSession(fixture.agent, { name: 'first', port: 2000 });
    await createSession(fixture.agent, { name: 'second', port: 2000, protocol: 'udp' });
    await expect(createSession(fixture.agent, { name: 'third', port: 2000 })).rejects.toMatchObject({
      code: 'conflict',
      message: `port 2000/tcp belongs to session "first" (${tcp.uuid})`,
    });
    expect(readdirSync(fixture.path('homes'))).toHaveLength(2);
    expect(readdirSync(fixture.path('sessions'))).toHaveLength(2);
  });

  test('a port that something else listens on is a conflict', async () => {
    fixture.hostPorts.add(8080);
    await expect(createSession(fixture.agent, { name: 'one', port: 8080 })).rejects.toMatchObject({
      code: 'conflict',
      message: 'port 8080/tcp is in use on the agent host, by a program that is no session',
    });
  });

  test('a DNS name belongs to one session', async () => {
    const first = await createSession(fixture.agent, { name: 'first', dns_name: 'web' });
    await expect(createSession(fixture.agent, { name: 'b', dns_name: 'web' })).rejects.toMatchObject({
      code: 'conflict',
      message: `the DNS name "web" belongs to session "first" (${first.uuid})`,
    });
    await createSession(fixture.agent, { name: 'c' });
    await createSession(fixture.agent, { name: 'd' });
  });
});

describe('edit', () => {
  test('absent and empty keep the old; the event tells the new', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const session = await editSession(fixture.agent, { id, name: '', port: 2001 });
    expect(session).toMatchObject({ name: 'one', port: 2001, dns_name: 'one', running: true });
    expect(fixture.events).toEqual([{ type: 'container.edited', session_id: id, data: session }]);
    expect(fixture.docker.calls).toEqual([]);
  });

  test("a port that the session's own container still holds is free to it", async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.hostPorts.add(2000); // Docker's proxy for this very session
    await editSession(fixture.agent, { id, port: 2001 });
    expect(await editSession(fixture.agent, { id, port: 2000 })).toMatchObject({ port: 2000 });
  });

  test('an empty DNS name gives it up', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    expect(await editSession(fixture.agent, { id, dns_name: '' })).toMatchObject({ dns_name: '' });
  });

  test("another session's port is a conflict and changes nothing", async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    const other = await createSession(fixture.agent, { name: 'other', port: 3000 });
    await expect(editSession(fixture.agent, { id, name: 'new', port: 3000 })).rejects.toMatchObject({
      message: `port 3000/tcp belongs to session "other" (${other.uuid})`,
    });
    expect(await getSession(fixture.agent, id)).toMatchObject({ name: 'one', port: 2000 });
  });
});

describe('restart', () => {
  test('makes and starts a container of the current image', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    await restartSession(fixture.agent, id);
    expect(fixture.docker.calls).toEqual([`createContainer ${containerOf(id)}`, 'startContainer c1']);
    expect(await getSession(fixture.agent, id)).toMatchObject({
      running: true,
      image: TEST_IMAGE,
      container_id: 'c1',
      started_at: '2026-01-01T00:00:01Z',
      profile: 'boxed',
      locked: false,
    });
    expect(fixture.events.map(({ type }) => type)).toEqual(['container.started']);
  });

  test('replaces the old container, and only once the new image is known to be there', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.end(containerOf(id), 7);
    fixture.write('etc/current-image', 'convocate:v2\n');
    fixture.docker.calls.length = 0;

    await expect(restartSession(fixture.agent, id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        /^the current image convocate:v2 is no longer in Docker on this agent host;/,
      ),
    });
    expect(fixture.docker.calls).toEqual([]);
    expect(await getSession(fixture.agent, id)).toMatchObject({ exit_code: 7, container_id: 'c1' });

    fixture.docker.images.add('convocate:v2');
    await restartSession(fixture.agent, id);
    expect(fixture.docker.calls).toEqual([
      'removeContainer c1',
      `createContainer ${containerOf(id)}`,
      'startContainer c2',
    ]);
    expect(await getSession(fixture.agent, id)).toMatchObject({ image: 'convocate:v2', running: true });
  });

  test('a container that Docker cannot start is taken away; its words reach the operator', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    fixture.docker.failNext('startContainer', 'port is already allocated');
    await expect(restartSession(fixture.agent, id)).rejects.toMatchObject({
      code: 'docker',
      message: 'port is already allocated',
    });
    expect(await fixture.docker.inspectContainer(containerOf(id))).toBeUndefined();
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: false, locked: false });
    expect(fixture.events).toEqual([]);
  });

  test('the variables for sessions reach the container, and our own win', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    fixture.write('etc/session.env', 'API_KEY=secret\nCONVOCATE_UID=0\n');
    await restartSession(fixture.agent, id);
    expect(fixture.docker.specs.get(containerOf(id))?.env).toEqual({
      API_KEY: 'secret',
      CONVOCATE_UID: String(fixture.agent.owner.uid),
      CONVOCATE_GID: String(fixture.agent.owner.gid),
      CONVOCATE_COMMAND: 'bash',
    });
  });

  test('goes on with a conversation that the home holds, and starts anew where that failed at once', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    const settings = { session_command: 'begin', resume_command: 'go on', session_program: '' };
    fixture.write('etc/settings.json', JSON.stringify(settings));
    const commands: unknown[] = [];
    const startAndEnd = async (exitCode: number, ranMs: number): Promise<void> => {
      await restartSession(fixture.agent, id);
      commands.push(fixture.docker.specs.get(containerOf(id))?.env['CONVOCATE_COMMAND']);
      fixture.docker.end(containerOf(id), exitCode, { ranMs });
      await lookAtContainer(fixture.agent, id);
    };
    await startAndEnd(143, 60_000);
    const place = fixture.path(`homes/${id}/.claude/projects/-home-claude`);
    mkdirSync(place, { recursive: true });
    writeFileSync(`${place}/a.jsonl`, '{"type":"user","message":{"role":"user"}}\n');
    await startAndEnd(137, 60_000);
    await startAndEnd(1, 500);
    await startAndEnd(0, 60_000);
    await startAndEnd(0, 60_000);
    expect(commands).toEqual(['begin', 'go on', 'go on', 'begin', 'go on']);
  });

  test.each([
    ['a damaged session.env', 'etc/session.env', 'no equals sign', /session\.env: line 1 is not KEY=VALUE/],
    ['damaged settings', 'etc/settings.json', '{"pids_limit":1}', /settings\.pids_limit/],
    [
      'a program that cannot be shown',
      'etc/settings.json',
      '{"session_program":"/home/claude/claude"}',
      /session program cannot be shown.*\/home\/claude\/claude/,
    ],
    ['a damaged stamp', 'etc/current-image', '', /holds no image tag/],
  ])('%s is refused before anything is changed', async (_what, file, content, message) => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.end(containerOf(id), 0);
    fixture.write(file, content);
    fixture.docker.calls.length = 0;
    await expect(restartSession(fixture.agent, id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(message),
    });
    expect(fixture.docker.calls).toEqual([]);
  });

  test('that nobody can note the time of is done, and told, all the same', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    fixture.agent.store.update = async () => {
      throw Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });
    };
    await restartSession(fixture.agent, id);
    expect(fixture.events).toMatchObject([{ type: 'container.started', data: { running: true } }]);
  });

  test('a container that runs unknown to us is a conflict, and is then known', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const reborn = fixture.reborn();
    await reborn.store.update(id, ({ container: _gone, ...stored }) => stored);
    await expect(restartSession(reborn, id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await getSession(reborn, id)).toMatchObject({ running: true, container_id: 'c1' });
  });
});

describe('kill', () => {
  test('stops within ten seconds, keeps container and home', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await killSession(fixture.agent, id);
    expect(fixture.docker.calls).toEqual([`stopContainer ${containerOf(id)} 10`]);
    expect(await getSession(fixture.agent, id)).toMatchObject({
      running: false,
      exit_code: 143,
      oom_killed: false,
      asked_to_stop: true,
      container_id: 'c1',
    });
    expect(fixture.events.map(({ type }) => type)).toEqual(['container.stopped']);
  });

  test('is what a later agent still knows of that container, and of no other', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await killSession(fixture.agent, id);
    const reborn = fixture.reborn();
    await lookAtContainer(reborn, id);
    expect(await getSession(reborn, id)).toMatchObject({ asked_to_stop: true });
    await restartSession(reborn, id);
    expect(await getSession(reborn, id)).not.toHaveProperty('asked_to_stop');
    fixture.docker.end(containerOf(id), 137);
    await lookAtContainer(reborn, id);
    expect(await getSession(reborn, id)).toMatchObject({ running: false, exit_code: 137 });
    expect(await getSession(reborn, id)).not.toHaveProperty('asked_to_stop');
  });

  test('is the end of one run: none of the same container that somebody starts by hand', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await killSession(fixture.agent, id);
    await fixture.docker.startContainer(containerOf(id));
    await lookAtContainer(fixture.agent, id);
    fixture.docker.end(containerOf(id), 137, { oomKilled: true });
    for (const agent of [fixture.agent, fixture.reborn()]) {
      await lookAtContainer(agent, id);
      const session = await getSession(agent, id);
      expect(session).toMatchObject({ container_id: 'c1', exit_code: 137, oom_killed: true });
      expect(session).not.toHaveProperty('asked_to_stop');
    }
  });

  test('is not taken by a later agent for the end of a run that it never saw begin', async () => {
    const id = await sessionThatIs(fixture, 'running');
    await killSession(fixture.agent, id);
    await fixture.docker.startContainer(containerOf(id));
    fixture.docker.end(containerOf(id), 137);
    const reborn = fixture.reborn();
    await lookAtContainer(reborn, id);
    expect(await getSession(reborn, id)).not.toHaveProperty('asked_to_stop');
  });

  test('what could not be stopped and ends later ended by itself', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.failNext('stopContainer', 'cannot stop: device busy');
    await expect(killSession(fixture.agent, id)).rejects.toMatchObject({ code: 'docker' });
    fixture.docker.end(containerOf(id), 137);
    await lookAtContainer(fixture.agent, id);
    expect(await getSession(fixture.agent, id)).not.toHaveProperty('asked_to_stop');
  });

  test('a stopped one is left as it is', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    expect(await killSession(fixture.agent, id)).toBeNull();
    expect(fixture.docker.calls).toEqual([]);
    expect(fixture.events).toEqual([]);
  });

  test('one that fails after the session has ended tells of the end', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.stopContainer = async (container) => {
      fixture.docker.end(container, 143);
      await lookAndTell(fixture.agent, id); // the watch, which leaves the news to the kill
      throw new Error('gave no answer');
    };
    await expect(killSession(fixture.agent, id)).rejects.toThrow('gave no answer');
    expect(fixture.events).toMatchObject([
      { type: 'container.edited', session_id: id, data: { running: false, exit_code: 143, locked: false } },
    ]);
  });

  test('a failing Docker is told, and the lock is given back', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.failNext('stopContainer', 'cannot stop: device busy');
    await expect(killSession(fixture.agent, id)).rejects.toMatchObject({
      message: 'cannot stop: device busy',
    });
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: true, locked: false });
  });
});

describe('delete', () => {
  test.each(['running', 'stopped', 'damaged'] as const)(
    'a %s session: container, home, metadata',
    async (state) => {
      const id = await sessionThatIs(fixture, state);
      await deleteSession(fixture.agent, id);
      expect(await fixture.docker.inspectContainer(containerOf(id))).toBeUndefined();
      expect(readdirSync(fixture.path('homes'))).toEqual([]);
      expect(readdirSync(fixture.path('sessions'))).toEqual([]);
      expect(fixture.events.map(({ type }) => type)).toEqual(['container.deleted']);
    },
  );

  test.each(['stopContainer', 'removeContainer', 'inspectContainer'] as const)(
    'when %s fails the home stays',
    async (call) => {
      const id = await sessionThatIs(fixture, 'running');
      fixture.docker.failNext(call, 'Docker says no');
      await expect(deleteSession(fixture.agent, id)).rejects.toMatchObject({ message: 'Docker says no' });
      expect(existsSync(fixture.path(`homes/${id}/.profile`))).toBe(true);
      expect(await getSession(fixture.agent, id)).toMatchObject({ locked: false });
    },
  );
});

describe('a container that was renamed by hand', () => {
  const rename = async (): Promise<string> => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.rename(containerOf(id), 'by-hand');
    await lookAndTell(fixture.agent, id);
    expect(await getSession(fixture.agent, id)).toMatchObject({ running: false });
    fixture.docker.calls.length = 0;
    return id;
  };

  test.each([
    ['restart', restartSession],
    ['delete', deleteSession],
  ])('keeps its home: %s is a conflict while it runs', async (what, change) => {
    const id = await rename();
    const words = new RegExp(
      `^${what}: the container "by-hand" runs on the home .* name it ${containerOf(id)} again`,
    );
    await expect(change(fixture.agent, id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(words) as string,
    });
    expect(fixture.docker.calls).toEqual([]);
    expect(existsSync(fixture.path(`homes/${id}`))).toBe(true);
    fixture.docker.end('by-hand', 0);
    await change(fixture.agent, id);
  });
});

describe('clone', () => {
  test('copies the home, not the port, the name or the container', async () => {
    const id = await sessionThatIs(fixture, 'running');
    writeFileSync(fixture.path(`homes/${id}/work.txt`), 'work');
    const copy = await cloneSession(fixture.agent, { source_id: id, name: 'copy' });
    expect(copy).toMatchObject({ name: 'copy', port: 0, dns_name: '', running: false, skipped_files: 0 });
    expect(readFileSync(fixture.path(`homes/${copy.uuid}/work.txt`), 'utf8')).toBe('work');
    expect(fixture.events.map(({ type }) => type)).toEqual(['container.created']);
    expect(fixture.docker.calls).toEqual([]);
  });

  test('leaves set-id bits out, and says once in the log of how many entries', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    const lines: string[] = [];
    const agent = { ...fixture.agent, log: pino({ base: null }, { write: (line) => lines.push(line) }) };
    await cloneSession(agent, { source_id: id, name: 'plain' });
    expect(lines).toEqual([]);
    for (const name of ['a', 'b']) {
      writeFileSync(fixture.path(`homes/${id}/${name}`), '');
      chmodSync(fixture.path(`homes/${id}/${name}`), 0o4755);
    }
    const copy = await cloneSession(agent, { source_id: id, name: 'copy' });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ session: copy.uuid, source: id, entries: 2 }),
    ]);
    expect(copy.skipped_files).toBe(0);
    expect(statSync(fixture.path(`homes/${copy.uuid}/a`)).mode & 0o7777).toBe(0o755);
  });

  test('while it is copied a session is told as it is, so that a list lets people in; another change is busy', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const before = await getSession(fixture.agent, id);
    const write = Promise.withResolvers<void>();
    write.promise.catch(() => {}); // the copy may come to it later than it fails
    fixture.agent.store.write = () => write.promise;
    const clone = cloneSession(fixture.agent, { source_id: id, name: 'copy' });
    await expect.poll(() => readdirSync(fixture.path('homes'))).toHaveLength(2);
    expect(await getSession(fixture.agent, id)).toEqual(before);
    await expect(killSession(fixture.agent, id)).rejects.toMatchObject({ code: 'busy' });
    write.reject(new Error('no space left on device'));
    await expect(clone).rejects.toThrow('no space left');
  });

  test('a copy that fails leaves nothing', async () => {
    const id = await sessionThatIs(fixture, 'stopped');
    fixture.agent.store.write = async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    await expect(cloneSession(fixture.agent, { source_id: id, name: 'copy' })).rejects.toThrow(
      'no space left',
    );
    expect(readdirSync(fixture.path('homes'))).toEqual([id]);
    expect(readdirSync(fixture.path('sessions'))).toEqual([`${id}.json`]);
  });
});

describe('background and override', () => {
  test('background asks the image to detach every client', async () => {
    const id = await sessionThatIs(fixture, 'connected');
    await backgroundSession(fixture.agent, id);
    expect(fixture.docker.calls).toEqual([
      `exec ${containerOf(id)} /usr/local/lib/convocate-session/detach-all`,
    ]);
  });

  test('override clears a stale lock', async () => {
    const id = await sessionThatIs(fixture, 'locked');
    expect(await getSession(fixture.agent, id)).toMatchObject({ locked: true });
    await overrideSession(fixture.agent, id);
    expect(await getSession(fixture.agent, id)).toMatchObject({ locked: false });
    await killSession(fixture.agent, id);
  });
});

describe('list', () => {
  test('shows a damaged session with what is wrong and whether it runs', async () => {
    const id = await sessionThatIs(fixture, 'damaged');
    expect(await listSessions(fixture.agent)).toMatchObject([
      { uuid: id, name: '', running: true, damaged: 'its metadata file is not JSON' },
    ]);
  });

  test('passes over what is no session', async () => {
    fixture.write('sessions/.tmp', 'x');
    fixture.write('sessions/notes.json', '{}');
    expect(await listSessions(fixture.agent)).toEqual([]);
  });

  test('with Docker down, shows what was known', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.down = true;
    expect(await listSessions(fixture.reborn())).toMatchObject([
      { uuid: id, running: true, container_id: 'c1' },
    ]);
  });
});
