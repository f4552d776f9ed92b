// A whole cluster of simulated agents in one process, on loopback: what the shell's service and its clients see is a
// cluster of that size, with real keys and real connections.
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { soundKeyPair } from '../../test/integration/cluster-scripted-agent.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { activityAt, simulatedSession } from './simulated-session.ts';

export interface SimulatedClusterOptions {
  /** Gets `agent-keys/`, `host_key` for the status service, and the agents' own files. */
  readonly directory: string;
  /** Where the status service takes events, or will. */
  readonly statusPort: number;
  readonly agents: number;
  /** Of all agents together. */
  readonly sessions: number;
}

export class SimulatedCluster implements AsyncDisposable {
  readonly agents: readonly SimulatedAgent[];
  #step = 0;

  private constructor(agents: readonly SimulatedAgent[]) {
    this.agents = agents;
  }

  static async start(options: SimulatedClusterOptions): Promise<SimulatedCluster> {
    const { directory, statusPort } = options;
    const statusHostKey = await hostKeyIn(directory);
    const agents = Array.from({ length: options.agents }, (_, index) => {
      const agentId = `sim${String(index).padStart(5, '0')}`;
      const host = `host-${String(index).padStart(2, '0')}.example`;
      return new SimulatedAgent({
        agentId,
        host,
        directory: join(directory, 'agents'),
        statusPort,
        statusHostKey,
      });
    });
    for (let index = 0; index < options.sessions; index += 1) {
      const { name, fields } = simulatedSession(index);
      agents[index % agents.length]?.addSession(name, fields);
    }
    const cluster = new SimulatedCluster(agents);
    for (const agent of agents) await agent.start(join(directory, 'agent-keys'));
    return cluster;
  }

  agent(agentId: string): SimulatedAgent {
    const agent = this.agents.find((one) => one.agentId === agentId);
    if (!agent) throw new Error(`there is no agent ${agentId}`);
    return agent;
  }

  /** Another running session each time, of one agent after the other, gets another activity, of this `detail`. */
  touch(detail?: string): void {
    const step = this.#step;
    this.#step += 1;
    const agent = this.agents[step % this.agents.length];
    const running = agent?.sessions.filter((session) => session.running) ?? [];
    const session = running[Math.floor(step / this.agents.length) % running.length];
    if (!agent || !session) throw new Error('no session is running');
    const now = new Date().toISOString();
    agent.change(session.uuid, { activity: activityAt(step, detail, now) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent[Symbol.asyncDispose]()));
  }
}

/** Public half of the status service's key, which is made where it is missing. */
async function hostKeyIn(directory: string): Promise<string> {
  const file = join(directory, 'host_key');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return await readFile(`${file}.pub`, 'utf8');
  const pair = soundKeyPair('status');
  await writeFile(file, pair.privateKey, { mode: 0o600 });
  await writeFile(`${file}.pub`, pair.publicKey);
  return pair.publicKey;
}
