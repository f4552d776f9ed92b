import { mkdir, readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { withDeadline } from '../base/deadline.ts';
import { messageOf } from '../base/errors.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { AGENT_HOST, CLAUDE_USER } from '../protocol/host-layout.ts';
import { isAgentId } from '../protocol/ids.ts';
import { AGENT_PORT, SUBSYSTEM } from '../protocol/limits.ts';
import type { RolledBack } from '../protocol/rpc.ts';
import { listen } from '../ssh/listener.ts';
import { ActivityBook } from './activity/activity-book.ts';
import { ActivityMonitor } from './activity/activity-monitor.ts';
import { attachSubsystem } from './attach/serve-attach.ts';
import type { Docker } from './docker/docker.ts';
import { createEngine } from './docker/engine.ts';
import { identifyPeer } from './peers.ts';
import { CallLimits } from './rpc/call-limits.ts';
import { operations } from './rpc/operations.ts';
import { rpcSubsystem } from './rpc/serve-rpc.ts';
import type { Agent } from './sessions/agent.ts';
import { AttachedClients } from './sessions/attached-clients.ts';
import { listSessions } from './sessions/describe-session.ts';
import { listeningPorts } from './sessions/host-ports.ts';
import { KnownContainers } from './sessions/known-containers.ts';
import { LostClients } from './sessions/lost-clients.ts';
import { AGENT_PATHS, type AgentPaths } from './sessions/paths.ts';
import { emptyLeftovers, recoverChanges } from './sessions/recover.ts';
import { SessionLocks } from './sessions/session-locks.ts';
import { SettingsFile } from './sessions/settings-file.ts';
import { SessionStore } from './sessions/store.ts';
import { watchContainers } from './sessions/watch-containers.ts';
import { startHeartbeat } from './status/heartbeat.ts';
import { StatusPublisher } from './status/publisher.ts';

const FIRST_LOOK_MS = 20_000;
const FINISH_CHANGES_MS = 20_000;
const DETACH_ALL_MS = 5_000;
const DOCKER_WATCH = { retryMs: 2_000, pulseMs: 5_000 };

export interface ServeOptions {
  readonly version: string;
  /** The tag that the live release stands for, as `ping` shows it. */
  readonly imageTag: () => string;
  /** The rollout that this host took back last, until someone has seen that. */
  readonly rolledBack: () => Promise<RolledBack | undefined>;
  readonly skelDirs: readonly string[];
  readonly log: Logger;
  /** For tests: files elsewhere, another port or address, no systemd slice, another owner. */
  readonly paths?: Partial<AgentPaths>;
  readonly port?: number;
  readonly address?: string;
  readonly cgroupParent?: string;
  readonly owner?: Agent['owner'];
  readonly docker?: Docker;
}

export interface ServedAgent {
  readonly port: number;
  readonly agentId: string;
  /** Lets changes under way come to their end, says good-bye to the shell, detaches every client, and stops. */
  close(reason: string): Promise<void>;
}

/**
 * The running agent. Resolves when it listens; rejects where its id or keys cannot be read or its port is taken.
 * Docker may be down: `ping` and `list` answer all the same, and the rest comes back with Docker.
 */
export async function serveAgent(options: ServeOptions): Promise<ServedAgent> {
  const paths: AgentPaths = { ...AGENT_PATHS, ...options.paths };
  const agentId = await readAgentId(paths.agentIdFile);
  const hostKey = await readFile(paths.hostKeyFile, 'utf8');
  await mkdir(paths.sessionsDir, { recursive: true, mode: 0o700 });

  // The publisher needs the sessions for its snapshots and they need it for their news: it comes second.
  let publisher: StatusPublisher | undefined;
  const agent = await makeAgent(options, paths, agentId, (event) => publisher?.publish(event));
  await recoverChanges(agent);
  void emptyLeftovers(agent);

  const watch = watchContainers(agent, DOCKER_WATCH);
  // So that the first list and the first snapshot are true where Docker is up.
  await withDeadline(watch.triedOnce, FIRST_LOOK_MS, 'the first look at Docker').catch((error: unknown) =>
    agent.log.warn(messageOf(error)),
  );
  const activity = new ActivityMonitor(agent);
  await activity.start();

  publisher = new StatusPublisher({
    agentId,
    shellHostFile: paths.shellHostFile,
    statusKeyFile: paths.statusKeyFile,
    snapshot: async () => ({ version: options.version, sessions: await listSessions(agent) }),
    started: () => ({
      type: 'agent.started',
      data: { version: options.version, image_tag: options.imageTag() },
    }),
    now: agent.now,
    random: Math.random,
    log: agent.log,
  });

  const limits = new CallLimits();
  const end = async (reason: string): Promise<void> => {
    await publisher?.close(reason);
    await activity[Symbol.asyncDispose]();
    await watch.close();
  };
  const listener = await listen({
    hostKey,
    port: options.port ?? AGENT_PORT,
    ...(options.address !== undefined && { address: options.address }),
    identify: (key) => identifyPeer(paths.authorizedKeysFile, key),
    subsystems: {
      [SUBSYSTEM.rpc]: rpcSubsystem({
        operations: operations(agent, { ...options, watchesDocker: () => watch.isWatching }),
        limits,
        log: agent.log,
      }),
      [SUBSYSTEM.attach]: attachSubsystem(agent, limits),
    },
    ptySubsystems: [SUBSYSTEM.attach],
    // Whoever comes in here is the shell: it is there again, and so is its 223.
    onLogin: () => publisher?.wake(),
    onProblem: (problem, from) => agent.log.warn({ from }, problem),
  }).catch(async (error: unknown) => {
    await end('the agent cannot listen'); // or the process would never end
    throw error;
  });
  const stopHeartbeat = startHeartbeat({
    publish: agent.publish,
    slice: AGENT_HOST.slice,
    running: () => (watch.isWatching ? agent.containers.running() : undefined),
  });
  agent.log.info({ agentId, version: options.version, port: listener.port }, 'the agent serves');

  return {
    port: listener.port,
    agentId,
    close: async (reason) => {
      agent.log.info({ reason }, 'the agent ends');
      limits.close();
      stopHeartbeat();
      await settle(agent, 'changes under way', FINISH_CHANGES_MS, agent.locks.idle());
      const clients = agent.attached.all().map(async (client) => {
        await client.detach('stopping');
        await client.ended;
      });
      await settle(agent, 'detaching all clients', DETACH_ALL_MS, Promise.allSettled(clients));
      await listener.close();
      await end(reason);
    },
  };
}

function systemClock(): Date {
  return new Date();
}

async function makeAgent(
  options: ServeOptions,
  paths: AgentPaths,
  agentId: string,
  publish: Agent['publish'],
): Promise<Agent> {
  const store = new SessionStore(paths.sessionsDir);
  return {
    agentId,
    paths,
    skelDirs: options.skelDirs,
    owner: options.owner ?? { uid: CLAUDE_USER.uid, gid: CLAUDE_USER.gid },
    cgroupParent: options.cgroupParent ?? AGENT_HOST.slice,
    docker: options.docker ?? (await createEngine(paths.dockerSocket)),
    store,
    settings: new SettingsFile(paths.settingsFile),
    locks: new SessionLocks(paths.sessionsDir, systemClock),
    reservations: new KeyedLock(),
    typing: new KeyedLock(),
    containers: new KnownContainers(store, options.log),
    activities: new ActivityBook(() => systemClock().getTime()),
    attached: new AttachedClients(),
    lost: new LostClients(),
    publish,
    hostPorts: listeningPorts,
    now: systemClock,
    log: options.log,
  };
}

async function readAgentId(path: string): Promise<string> {
  const id = (await readFile(path, 'utf8')).trim();
  if (!isAgentId(id)) throw new Error(`${path} does not hold an agent id`);
  return id;
}

async function settle(agent: Agent, what: string, timeoutMs: number, work: Promise<unknown>): Promise<void> {
  await withDeadline(work, timeoutMs, what).catch((error: unknown) => agent.log.warn(messageOf(error)));
}
