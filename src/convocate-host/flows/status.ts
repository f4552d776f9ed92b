import { messageOf } from '../../base/errors.ts';
import { connectAgent } from '../../cluster/agent-client.ts';
import { type AgentRecord, loadCredentials, scanAgents } from '../../cluster/registry.ts';

/** One agent as `convocate-host status` shows it. */
export interface AgentStatus {
  readonly agent_id: string;
  readonly host: string;
  readonly up: boolean;
  readonly problem?: string;
  readonly version?: string;
  readonly image?: string;
  readonly sessions?: number;
  readonly running?: number;
  /** Running sessions that would come up on another image if they were restarted now. */
  readonly on_older_image?: number;
}

const ASK_MS = 5_000;

/** Asks all registered agents side by side, each with its own deadline: a hung one delays no other. */
export async function clusterStatus(): Promise<AgentStatus[]> {
  const { agents, damaged } = await scanAgents();
  const broken = damaged.map(({ agentId, error }) => ({
    agent_id: agentId,
    host: '?',
    up: false,
    problem: error.message,
  }));
  const answers = await Promise.all(agents.map(askAgent));
  return [...answers.toSorted((a, b) => a.host.localeCompare(b.host)), ...broken];
}

async function askAgent(record: AgentRecord): Promise<AgentStatus> {
  const who = { agent_id: record.agentId, host: record.host };
  try {
    await using agent = await connectAgent(record, await loadCredentials(record.agentId), {
      timeoutMs: ASK_MS,
    });
    const [pong, sessions] = await Promise.all([
      agent.call('ping', null, { timeoutMs: ASK_MS }),
      agent.call('list', null, { timeoutMs: ASK_MS }),
    ]);
    const running = sessions.filter((session) => session.running);
    return {
      ...who,
      up: true,
      version: pong.version,
      image: pong.image_tag,
      sessions: sessions.length,
      running: running.length,
      on_older_image: running.filter((session) => session.image !== pong.image_tag).length,
    };
  } catch (error) {
    return { ...who, up: false, problem: messageOf(error) };
  }
}

/** The same as a table. */
export function formatStatus(agents: readonly AgentStatus[]): string {
  const header = ['AGENT', 'HOST', 'VERSION', 'IMAGE', 'SESSIONS', 'OLDER IMAGE'];
  const rows = agents.map((agent) =>
    agent.up
      ? [
          agent.agent_id,
          agent.host,
          agent.version ?? '',
          agent.image ?? '',
          `${agent.running} running of ${agent.sessions}`,
          String(agent.on_older_image),
        ]
      : [agent.agent_id, agent.host, 'down', agent.problem ?? '', '', ''],
  );
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
