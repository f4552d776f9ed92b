// A simulated cluster in a process of its own, and the way to give it orders.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { exitOf, startProcess } from '../../src/base/run-command.ts';
import type { Order } from './main.ts';

export interface SimulationOptions {
  readonly directory: string;
  readonly statusPort: number;
  readonly agents: number;
  readonly sessions: number;
}

export class Simulation implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    if (!child.stdout) throw new Error('the simulated cluster has no stdout');
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Settles when every agent listens and is registered. */
  static async start(options: SimulationOptions): Promise<Simulation> {
    const argv = [process.execPath, new URL('main.ts', import.meta.url).pathname];
    for (const [name, value] of [
      ['directory', options.directory],
      ['status-port', options.statusPort],
      ['agents', options.agents],
      ['sessions', options.sessions],
    ])
      argv.push(`--${name}`, String(value));
    const simulation = new Simulation(startProcess(argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await simulation.#answer();
    return simulation;
  }

  /** For signals: SIGSTOP makes every agent of it hang. */
  get process(): ChildProcess {
    return this.#child;
  }

  /** Settles when it was done. One order at a time. */
  async order(order: Order): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const answer = await this.#answer();
    if (answer['done'] !== true) throw new Error(`${order.do}: ${String(answer['error'])}`);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    await exitOf(this.#child);
  }

  async #answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the simulated cluster ended');
    return JSON.parse(value) as Record<string, unknown>;
  }
}
