import { lstat, readFile } from 'node:fs/promises';
import { messageOf } from '../../../base/errors.ts';
import { RpcError } from '../../../protocol/error-codes.ts';
import { prepareReports } from '../../activity/report-file.ts';
import type { ContainerFacts, ContainerSpec } from '../../docker/docker.ts';
import type { Agent } from '../agent.ts';
import { changeSession } from '../change.ts';
import { chooseCommand } from '../choose-command.ts';
import { containerSpec } from '../container-spec.ts';
import { holdsConversation } from '../conversation.ts';
import { announce, findEntry } from '../describe-session.ts';
import { hostShares } from '../host-shares.ts';
import { requireHomeFree } from '../home-users.ts';
import { noteUse } from '../note-use.ts';
import { homeOf } from '../paths.ts';
import { readSessionEnv } from '../session-env.ts';
import type { StoredSession } from '../stored-session.ts';
import { lookAndTell, lookAtContainer } from '../watch-containers.ts';

/** Starts a stopped session, detached, in a new container of the current image. `conflict` when it runs. */
export async function restartSession(agent: Agent, id: string): Promise<null> {
  const { stored: known } = await findEntry(agent, id);
  if (known) await lookAndTell(agent, id); // it may have ended a moment ago, and the news not be here yet
  await changeSession(agent, id, 'restart', async ({ stored }) => {
    if (!stored) return;
    const { facts: old } = await lookAtContainer(agent, id);
    if (old?.running)
      throw new RpcError('conflict', `restart: session "${stored.name}" (${id}) is running; "kill" stops it`);
    await requireHomeFree(agent, id, 'restart');
    // All that can be refused is refused before the old container, with its exit code, is given up.
    const spec = await prepare(agent, stored, old);
    if (old) await agent.docker.removeContainer(old.id);
    await startNew(agent, spec);
    await lookAtContainer(agent, id);
    await noteUse(agent, id);
  });
  await announce(agent, 'container.started', id);
  // One that ended at once did so while the watcher left the news to this change.
  if (!agent.containers.factsOf(id)?.running) await announce(agent, 'container.died', id);
  return null;
}

/** The image new and restarted sessions run. Throws `refused` where the stamp cannot be read. */
export async function readCurrentImage(path: string): Promise<string> {
  const tag = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    (error: unknown) => {
      throw new RpcError('refused', `the current image is not known: ${messageOf(error)}`);
    },
  );
  if (!/^[A-Za-z0-9][A-Za-z0-9_.:/@-]*$/.test(tag)) {
    throw new RpcError('refused', `the current image is not known: ${path} holds no image tag`);
  }
  return tag;
}

async function prepare(
  agent: Agent,
  session: StoredSession,
  last: ContainerFacts | undefined,
): Promise<ContainerSpec> {
  const image = await readCurrentImage(agent.paths.currentImageFile);
  if (!(await agent.docker.imageExists(image))) {
    throw new RpcError(
      'refused',
      `the current image ${image} is no longer in Docker on this agent host; the session was left as it is. ` +
        `Bring it back with "convocate-host update --host ${agent.agentId}" on the shell host, then restart the session.`,
    );
  }
  const settings = await agent.settings.read();
  const home = homeOf(agent.paths, session.uuid);
  const stats = await lstat(home).catch(() => undefined);
  if (!stats?.isDirectory())
    throw new RpcError('refused', `the home ${home} is not there, or is no directory`);
  agent.activities.forget(session.uuid);
  // Without the directory a report is only found later: a full disk must not keep a session from being started.
  await prepareReports(home, agent.owner).catch((error: unknown) =>
    agent.log.warn({ session: session.uuid }, `no directory for its reports: ${messageOf(error)}`),
  );
  const chosen = chooseCommand(settings, await holdsConversation(home), last);
  agent.log.info({ session: session.uuid, start: chosen.start, why: chosen.why }, 'the command was chosen');
  return containerSpec({
    session,
    chosen,
    agentId: agent.agentId,
    image,
    home,
    settings,
    shares: await hostShares(settings, agent.paths, home, agent.owner),
    variables: await readSessionEnv(agent.paths.sessionEnvFile),
    owner: agent.owner,
    cgroupParent: agent.cgroupParent,
  });
}

async function startNew(agent: Agent, spec: ContainerSpec): Promise<void> {
  const container = await agent.docker.createContainer(spec);
  try {
    await agent.docker.startContainer(container);
  } catch (error) {
    // One that never ran has nothing to keep, and would look like a session that has ended.
    await agent.docker.removeContainer(container).catch((failure: unknown) => {
      agent.log.warn({ err: failure, container }, 'a container that did not start could not be removed');
    });
    throw error;
  }
}
