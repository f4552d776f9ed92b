import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { KeyedLock } from '../../base/keyed-lock.ts';
import { containerNameOf } from '../../protocol/host-layout.ts';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import { ActivityBook } from '../activity/activity-book.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import { FakeDocker } from '../docker/fake-docker.ts';
import type { Agent } from './agent.ts';
import { AttachedClients } from './attached-clients.ts';
import { KnownContainers } from './known-containers.ts';
import { LostClients } from './lost-clients.ts';
import { createSession } from './operations/create.ts';
import { restartSession } from './operations/restart.ts';
import { AGENT_PATHS } from './paths.ts';
import { SessionLocks } from './session-locks.ts';
import { SESSION_SCRIPT } from './session-scripts.ts';
import { SettingsFile } from './settings-file.ts';
import { SessionStore } from './store.ts';

export const TEST_IMAGE = 'convocate:v1';

export interface AgentFixture extends Disposable {
  readonly agent: Agent;
  readonly docker: FakeDocker;
  readonly root: string;
  /** What was published, oldest first. */
  readonly events: StatusEventBody[];
  /** Ports that something on the host listens on. */
  readonly hostPorts: Set<number>;
  path(name: string): string;
  write(name: string, content: string): void;
  /** A second life of the agent on the same disk and the same engine. */
  reborn(): Agent;
}

function testClock(): Date {
  return new Date('2026-01-02T03:04:05.000Z');
}

/** An agent of its own directory and a fake engine, for unit tests. */
export function makeAgentFixture(): AgentFixture {
  const root = mkdtempSync('/dev/shm/convocate-agent-unit-'); // in memory: every new home is synced to its disk
  for (const dir of ['sessions', 'homes', 'etc', 'skel']) mkdirSync(join(root, dir));
  const docker = new FakeDocker();
  docker.images.add(TEST_IMAGE);
  docker.script(SESSION_SCRIPT.detachAll, { exitCode: 0, output: '' });
  docker.script('sh', { exitCode: 0, output: '' });
  const events: StatusEventBody[] = [];
  const log = pino({ enabled: false });
  const hostPorts = new Set<number>();
  const path = (name: string): string => join(root, name);
  const write = (name: string, content: string): void => writeFileSync(path(name), content);
  write('etc/current-image', `${TEST_IMAGE}\n`);
  write('etc/settings.json', JSON.stringify({ session_command: 'bash', session_program: '' }));
  write('skel/.profile', 'skel\n');

  const makeAgent = (): Agent => {
    const store = new SessionStore(path('sessions'));
    return {
      agentId: 'agent001',
      paths: {
        ...AGENT_PATHS,
        sessionsDir: path('sessions'),
        homesDir: path('homes'),
        currentImageFile: path('etc/current-image'),
        settingsFile: path('etc/settings.json'),
        sessionEnvFile: path('etc/session.env'),
      },
      skelDirs: [path('skel'), path('no-such-skel')],
      owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      cgroupParent: 'convocate-sessions.slice',
      docker,
      store,
      settings: new SettingsFile(path('etc/settings.json')),
      locks: new SessionLocks(path('sessions'), testClock),
      reservations: new KeyedLock(),
      typing: new KeyedLock(),
      containers: new KnownContainers(store, log),
      activities: new ActivityBook(() => testClock().getTime()),
      attached: new AttachedClients(),
      lost: new LostClients(),
      publish: (event) => events.push(event),
      hostPorts: async () => hostPorts,
      now: testClock,
      log,
    };
  };
  return {
    agent: makeAgent(),
    docker,
    root,
    events,
    hostPorts,
    path,
    write,
    reborn: makeAgent,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

export type Situation = 'stopped' | 'running' | 'connected' | 'locked' | 'damaged' | 'orphan';

/** A session in the situation that is asked for; gives its id. */
export async function sessionThatIs(fixture: AgentFixture, situation: Situation): Promise<string> {
  const { agent, docker } = fixture;
  const { uuid } = await createSession(agent, { name: 'one', port: 2000, dns_name: 'one' });
  if (situation === 'orphan') rmSync(fixture.path(`sessions/${uuid}.json`));
  else if (situation !== 'stopped') await restartSession(agent, uuid);
  if (situation === 'connected') {
    agent.attached.add(uuid, { detach: async () => {}, ended: Promise.resolve() });
  }
  if (situation === 'locked')
    fixture.write(`sessions/${uuid}.lock`, '{"op":"from-the-future","since":"then"}');
  if (situation === 'damaged') fixture.write(`sessions/${uuid}.json`, '{ half');
  fixture.events.length = 0;
  docker.calls.length = 0;
  return uuid;
}

/** A container that somebody else made, which runs. */
export function foreignContainer(change: Partial<ContainerFacts>): ContainerFacts {
  return {
    id: 'x',
    name: 'somebody-elses',
    labels: {},
    image: 'x',
    running: true,
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '',
    exitCode: undefined,
    oomKilled: false,
    ports: [],
    mounts: [],
    ...change,
  };
}

export function containerOf(uuid: string): string {
  return containerNameOf(uuid);
}
