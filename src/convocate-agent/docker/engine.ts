import { createRequire } from 'node:module';
import type Dockerode from 'dockerode';
import { callDocker, statusOf } from './docker-error.ts';
import { containerBody } from './container-body.ts';
import { containerFacts } from './container-facts.ts';
import type { ContainerFacts, Docker } from './docker.ts';
import { openEvents } from './engine-events.ts';
import { execToEnd, openTerminal } from './engine-exec.ts';
import { readLog } from './engine-log.ts';

const READ_MS = 15_000;
const CHANGE_MS = 60_000;
const PING_MS = 10_000;
/** As `inspect` sees it: one that is paused, or is about to be started anew, has its processes too. */
const RUNNING: ReadonlySet<string> = new Set(['running', 'paused', 'restarting']);

/**
 * Docker's engine on a unix socket. Nothing is connected yet when this resolves: an engine that is down shows in the
 * calls. dockerode is loaded here and not at the top, because it takes a tenth of a second and 30 MB.
 */
export async function createEngine(socketPath: string): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  // An import of it loads undici along, in every program of this bundle, whether it comes here or not: 50 of 170 ms.
  const { Agent } = createRequire(import.meta.url)('node:http') as typeof import('node:http');
  // No kept-alive connections: after a restart of dockerd each would fail once.
  const agent = new Agent({ keepAlive: false });
  const client: Dockerode = new Client({ socketPath, agent } as Dockerode.DockerOptions);

  const inspectContainer = async (container: string): Promise<ContainerFacts | undefined> =>
    await callDocker(`inspect container ${container}`, READ_MS, async (abortSignal) => {
      const info = await orUndefined(client.getContainer(container).inspect({ abortSignal }), 404);
      return info && containerFacts(info);
    });

  return {
    inspectContainer,
    createContainer: (spec) =>
      callDocker(`create container ${spec.name}`, CHANGE_MS, async (abortSignal) => {
        const { id } = await client.createContainer({ ...containerBody(spec), abortSignal });
        return id;
      }),
    startContainer: (container) =>
      callDocker(`start container ${container}`, CHANGE_MS, async (abortSignal) => {
        await orUndefined(client.getContainer(container).start({ abortSignal }), 304);
      }),
    stopContainer: (container, graceSeconds) =>
      callDocker(`stop container ${container}`, graceSeconds * 1000 + CHANGE_MS, async (abortSignal) => {
        await orUndefined(client.getContainer(container).stop({ t: graceSeconds, abortSignal }), 304);
      }),
    removeContainer: (container) =>
      callDocker(`remove container ${container}`, CHANGE_MS, async (abortSignal) => {
        await orUndefined(client.getContainer(container).remove({ force: true, v: true, abortSignal }), 404);
      }),
    listContainers: async (label) => {
      const summaries = await callDocker('list containers', READ_MS, (abortSignal) =>
        client.listContainers({ all: true, filters: { label: [label] }, abortSignal }),
      );
      return summaries.map(({ Names, Labels, State, Mounts }) => ({
        name: (Names[0] ?? '').replace(/^\//, ''),
        labels: Labels,
        running: RUNNING.has(State),
        mounts: Mounts.map(({ Source }) => Source),
      }));
    },
    imageExists: (tag) =>
      callDocker(`inspect image ${tag}`, READ_MS, async () => {
        return (await orUndefined(client.getImage(tag).inspect(), 404)) !== undefined;
      }),
    // Not Docker's own ping, which an engine answers that can do nothing with containers any more.
    ping: () =>
      callDocker('answer', PING_MS, async (abortSignal) => {
        await client.listContainers({ limit: 1, abortSignal });
      }),
    exec: (container, command) => execToEnd(client, container, command),
    containerLog: (container, options) => readLog(client, container, options),
    openTerminal: (container, command) => openTerminal(client, container, command),
    events: (label, signal) => openEvents(client, label, signal),
  };
}

/** Docker's answer with this status means "nothing to do" or "there is none". */
async function orUndefined<T>(answer: Promise<T>, status: number): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === status) return undefined;
    throw error;
  }
}
