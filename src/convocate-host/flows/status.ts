import { messageOf } from '../../base/errors.ts';
import { connectAgent } from '../../cluster/agent-client.ts';
import {
  type AgentRecord,
  findAgent,
  knownHostsFileOf,
  loadCredentials,
  scanAgents,
} from '../../cluster/registry.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { RolledBack } from '../../protocol/rpc.ts';
import { formatTable } from '../format-table.ts';
import { afterChange } from '../after-change.ts';
import { FORGET_RETURN, scriptArgv } from '../host-scripts.ts';
import { openHost } from '../open-host.ts';

/** One agent as `convocate-host status` shows it. */
export interface AgentStatus {
  readonly agent_id: string;
  readonly host: string;
  readonly up: boolean;
  readonly problem?: string;
  /** Docker there answers the agent; absent where it does not say. Without, what it says of sessions is old. */
  readonly docker?: boolean;
  readonly version?: string;
  readonly image?: string;
  readonly sessions?: number;
  readonly running?: number;
  /** Running sessions that would come up on another image if they were restarted now. */
  readonly on_older_image?: number;
  /** Its last rollout was taken back, and nobody has said yet that they have seen it. */
  readonly rolled_back?: RolledBack;
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
      ...(pong.docker !== undefined && { docker: pong.docker }),
      version: pong.version,
      image: pong.image_tag,
      sessions: sessions.length,
      running: running.length,
      on_older_image: running.filter((session) => session.image !== pong.image_tag).length,
      ...(pong.rolled_back && { rolled_back: pong.rolled_back }),
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
  return [formatTable(header, rows), ...agents.flatMap(noticesOf)].join('\n');
}

function noticesOf(agent: AgentStatus): string[] {
  return [...dockerNotice(agent), ...returnNotice(agent)];
}

function dockerNotice({ host, docker }: AgentStatus): string[] {
  if (docker !== false) return [];
  return ['', `${host}: Docker does not answer the agent; its sessions are shown as last seen`];
}

function returnNotice({ host, rolled_back }: AgentStatus): string[] {
  if (!rolled_back) return [];
  const { from, to, reason, at } = rolled_back;
  return [
    '',
    `${host}: the rollout of ${from} ${to === from ? 'could not be' : 'was'} taken back at ${at}; ${to} is live`,
    `  because ${reason}`,
    '  shown until you have seen it: convocate-host status --seen',
  ];
}

/** Takes the notices of rollouts that were taken back, as they were shown, off the hosts that show one. */
export async function noteSeen(agents: readonly AgentStatus[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    agents.map(async ({ agent_id, rolled_back }) => {
      const record = rolled_back && (await findAgent(agent_id));
      if (!record) return;
      await using host = await openHost(record.host, record.user, knownHostsFileOf(agent_id));
      const notice = `${AGENT_HOST.rolloutDir}/returned.json`;
      await host.check(scriptArgv(FORGET_RETURN, notice, rolled_back.at));
      return record.host;
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return;
  const isOneSeen = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value !== undefined);
  throw isOneSeen ? afterChange(failed.reason) : failed.reason;
}
