import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceLogTo } from '../../../src/convocate/status-service/service-log.ts';
import {
  type StatusService,
  type StatusServiceOptions,
  startStatusService,
} from '../../../src/convocate/status-service/status-service.ts';
import { ScriptedAgent, soundKeyPair } from '../cluster-scripted-agent.ts';

/** A status service in the test's own process, with files of its own, and agents that do as the test says. */
export class ServiceCluster implements AsyncDisposable {
  /** For files: the service's host key is `host_key` in it. */
  readonly dir: string;
  readonly hostKey = soundKeyPair('status');
  readonly #agents: ScriptedAgent[] = [];
  #service: StatusService | undefined;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<ServiceCluster> {
    const cluster = new ServiceCluster(await mkdtemp(join(tmpdir(), 'convocate-cluster-')));
    await mkdir(cluster.keys);
    await writeFile(join(cluster.dir, 'host_key'), cluster.hostKey.privateKey);
    await writeFile(join(cluster.dir, 'host_key.pub'), cluster.hostKey.publicKey);
    return cluster;
  }

  /** Where agents are registered. */
  get keys(): string {
    return join(this.dir, 'agent-keys');
  }

  get socketPath(): string {
    return join(this.dir, 'shell.sock');
  }

  /** The one that was started last. */
  get service(): StatusService | undefined {
    return this.#service;
  }

  /** Listens, and is not registered yet. */
  async agent(agentId: string, host: string): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(agentId, host);
    this.#agents.push(agent);
    await agent.start();
    return agent;
  }

  async start(options: Partial<StatusServiceOptions> = {}): Promise<StatusService> {
    this.#service = await startStatusService({
      log: serviceLogTo({ write: () => {} }),
      agentKeysDir: this.keys,
      hostKeyFile: join(this.dir, 'host_key'),
      socketPath: this.socketPath,
      address: '127.0.0.1',
      port: 0,
      backoff: () => 20,
      ...options,
    });
    return this.#service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.close();
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }
}
