import { pollUntil } from '../../base/deadline.ts';
import type { AttachHeader } from '../../protocol/attach.ts';
import { CLAUDE_USER, containerNameOf } from '../../protocol/host-layout.ts';
import type { Terminal } from '../docker/docker.ts';
import type { Agent } from '../sessions/agent.ts';
import { explainEnd } from '../sessions/explain-end.ts';
import { SESSION_SCRIPT, redrawArgv } from '../sessions/session-scripts.ts';

const DETACH_MS = 15_000;
const DETACH_RETRY_MS = 100;

export interface SessionTerminal extends Terminal {
  /** Ends exactly this client in the container. Resolves when its process is gone. */
  detach(): Promise<void>;
  /** Has tmux draw the whole screen of this client anew. The program in the session notices nothing. */
  redraw(): Promise<void>;
}

/** A tmux client of the session on a terminal of its own. */
export async function openSessionTerminal(agent: Agent, header: AttachHeader): Promise<SessionTerminal> {
  const container = containerNameOf(header.id);
  const clientId = agent.lost.newClientId();
  const readOnly = header.read_only ? ['--read-only'] : [];
  const terminal = await openOrExplain(agent, header.id, () =>
    agent.docker.openTerminal(container, {
      argv: [SESSION_SCRIPT.attach, '--client-id', clientId, ...readOnly],
      user: CLAUDE_USER.name,
      env: { TERM: header.term },
    }),
  ).catch((error: unknown) => {
    agent.lost.note(header.id, clientId); // Docker may start it all the same, only late
    throw error;
  });

  const detachOnce = async (): Promise<true | undefined> => {
    const { running } = await terminal.status();
    if (!running) return true;
    // Closing our side would leave the process in the container for ever. It may not have got as far as having its
    // name yet: asked again until it is gone.
    const command = { argv: [SESSION_SCRIPT.detachClient, clientId], user: CLAUDE_USER.name };
    await agent.docker.exec(container, command).catch(async (error: unknown) => {
      if ((await terminal.status()).running) throw error; // else it went together with its container
    });
    return undefined;
  };
  return {
    ...terminal,
    redraw: async () => {
      const argv = redrawArgv(clientId);
      const { exitCode } = await agent.docker.exec(container, { argv, user: CLAUDE_USER.name });
      if (exitCode !== 0) throw new Error(`there is no client ${clientId} in the container`);
    },
    detach: async () => {
      const what = `detaching client ${clientId}`;
      try {
        await pollUntil(detachOnce, { timeoutMs: DETACH_MS, intervalMs: DETACH_RETRY_MS, what });
      } catch (error) {
        agent.lost.note(header.id, clientId);
        throw error;
      }
    },
  };
}

/** Docker only says that the container does not run; the operator wants to know why. */
async function openOrExplain(agent: Agent, id: string, open: () => Promise<Terminal>): Promise<Terminal> {
  try {
    return await open();
  } catch (error) {
    throw (await explainEnd(agent, id)) ?? error;
  }
}
