import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { backoffMs } from '../../base/backoff.ts';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf } from '../../base/errors.ts';
import { WakeableWait } from '../../base/wakeable-wait.ts';
import { SUBSYSTEM } from '../../protocol/limits.ts';
import type { AgentSnapshot, StatusEventBody } from '../../protocol/status-events.ts';
import { type SshConnection, connect } from '../../ssh/client.ts';
import { Outbox } from './outbox.ts';
import { sendEvents } from './send-events.ts';
import { readShellHost } from './shell-host.ts';

const QUEUE_LIMIT = 1_000;
/** A connection that held this long was a good one: the next failure is a first one again. */
const GOOD_CONNECTION_MS = 10_000;
const NO_SHELL_YET_MS = 5_000;
/** What chance takes off a wait: a hundred agents must not come back to their shell all at once. */
const MOST_OFF = 1 / 4;
const LAST_WORDS_MS = 1_500;
/** The shell comes in because we came, so neither side may have the other hurry more often. */
const HURRY_MS = 1_000;

export interface PublisherOptions {
  readonly agentId: string;
  readonly shellHostFile: string;
  /** OpenSSH private key file. */
  readonly statusKeyFile: string;
  readonly snapshot: () => Promise<AgentSnapshot>;
  /** Sent once, after the first snapshot of this run of the agent. */
  readonly started: () => StatusEventBody;
  readonly now: () => Date;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Tells the shell's 223 what happens here. Connects again for ever; the file that names the shell is read at every
 * try. Between connections nothing is kept: each begins with a snapshot.
 */
export class StatusPublisher {
  readonly #options: PublisherOptions;
  readonly #outbox = new Outbox(QUEUE_LIMIT);
  readonly #wait = new WakeableWait();
  readonly #done: Promise<void>;
  #connection: SshConnection | undefined;
  #connected = false;
  #closed = false;
  #hurriedAtMs = -Infinity;
  /** Since the last try began. */
  #isHeardOf = false;
  #hasStarted = false;
  #onShutdownSent: () => void = () => {};

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#done = this.#publishForEver();
  }

  /** Never blocks; dropped where no shell is connected, because the next snapshot will tell. */
  publish(event: StatusEventBody): void {
    if (this.#connected) this.#outbox.push(event);
  }

  /** The shell was heard of: where none is connected, the next try is now. */
  wake(): void {
    if (this.#connected || performance.now() - this.#hurriedAtMs < HURRY_MS) return;
    this.#hurriedAtMs = performance.now();
    this.#isHeardOf = true;
    this.#wait.wake();
  }

  /** Says good-bye if that can be done within a moment, and ends. */
  async close(reason: string): Promise<void> {
    if (this.#connected) {
      const sent = new Promise<void>((resolve) => {
        this.#onShutdownSent = resolve;
      });
      this.publish({ type: 'agent.shutdown', data: { reason } });
      await withDeadline(sent, LAST_WORDS_MS, 'saying good-bye').catch(() => {});
    }
    this.#closed = true;
    this.#wait.wake();
    await this.#connection?.close();
    await this.#done;
  }

  async #publishForEver(): Promise<void> {
    const { log, random } = this.#options;
    let failures = 0;
    while (!this.#closed) {
      this.#isHeardOf = false;
      const startedAt = performance.now();
      let delayMs = NO_SHELL_YET_MS;
      try {
        const why = await this.#publishOnce();
        if (why !== undefined) log.info({ why }, 'the shell host is no longer connected');
        if (performance.now() - startedAt >= GOOD_CONNECTION_MS) failures = 0;
        if (why !== undefined) delayMs = backoffMs(failures, random() * MOST_OFF);
      } catch (error) {
        delayMs = backoffMs(failures, random() * MOST_OFF);
        log.warn(`no status connection to the shell host: ${messageOf(error)}`);
      }
      failures += 1;
      if (!this.#closed && !this.#isHeardOf) await this.#wait.wait(delayMs);
    }
  }

  /** Gives the reason of the end; undefined where no shell host is known yet. */
  async #publishOnce(): Promise<string | undefined> {
    const shell = await readShellHost(this.#options.shellHostFile);
    if (!shell) return undefined;
    const privateKey = await readFile(this.#options.statusKeyFile, 'utf8');
    await using connection = await connect({ ...shell, privateKey });
    if (this.#closed) return 'the agent ends';
    this.#connection = connection;
    const channel = await connection.openSubsystem(SUBSYSTEM.status);
    channel.on('error', () => {}); // told by 'close'
    channel.resume(); // the shell has nothing to say here
    this.#outbox.startOver();
    this.#connected = true;
    this.#options.log.info({ shell: `${shell.host}:${shell.port}` }, 'the shell host is connected');
    try {
      await sendEvents(channel, this.#outbox, {
        agentId: this.#options.agentId,
        now: this.#options.now,
        snapshot: this.#options.snapshot,
        onSent: (type) => this.#onSent(type),
      });
    } finally {
      this.#connected = false;
      this.#connection = undefined;
    }
    return 'the channel was closed';
  }

  #onSent(type: StatusEventBody['type']): void {
    if (type === 'agent.shutdown') this.#onShutdownSent();
    if (type !== 'agent.snapshot' || this.#hasStarted) return;
    this.#hasStarted = true;
    this.publish(this.#options.started());
  }
}
