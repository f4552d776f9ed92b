// A shell's 223, as far as an agent needs it: takes the events and keeps them.
import { pollUntil } from '../../../src/base/deadline.ts';
import { SUBSYSTEM } from '../../../src/protocol/limits.ts';
import { StatusEvent } from '../../../src/protocol/status-events.ts';
import { readLines } from '../../../src/ssh/json-channel.ts';
import { generateKeyPair } from '../../../src/ssh/keys.ts';
import { type Listener, listen } from '../../../src/ssh/listener.ts';

export class StatusListener implements AsyncDisposable {
  readonly key = generateKeyPair('status');
  /** Each checked by the contract; one list per connection, in the order of the connections. */
  readonly connections: StatusEvent[][] = [];
  #listener: Listener | undefined;

  async start(port = 0): Promise<void> {
    this.#listener = await listen({
      hostKey: this.key.privateKey,
      address: '127.0.0.1',
      port,
      identify: () => 'agent',
      subsystems: {
        [SUBSYSTEM.status]: (channel) => {
          const events: StatusEvent[] = [];
          this.connections.push(events);
          readLines(
            channel,
            (line) => events.push(StatusEvent.parse(JSON.parse(line))),
            () => {},
          );
        },
      },
    });
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** The content of the agent's `shell-host.json`. */
  get shellHost(): string {
    return JSON.stringify({ host: '127.0.0.1', port: this.port, host_key: this.key.publicKey.trim() });
  }

  /** Waits for an event, on any connection. */
  async event(
    wanted: (event: StatusEvent) => boolean,
    what: string,
    timeoutMs = 20_000,
  ): Promise<StatusEvent> {
    return await pollUntil(async () => this.connections.flat().find(wanted), {
      timeoutMs,
      intervalMs: 20,
      what,
    });
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
