import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { withDeadline } from '../base/deadline.ts';
import { WakeableWait } from '../base/wakeable-wait.ts';
import { LIMITS } from '../protocol/limits.ts';
import {
  ClusterChange,
  ClusterSnapshot,
  SHELL_ANSWER_BYTES,
  type ShellRequest,
  WATCH_BEAT_MS,
} from '../protocol/shell-socket.ts';
import { ChannelClosedError, readFirstLine, readLines, writeJsonLine } from '../ssh/json-channel.ts';
import { type ClusterPicture, pictureOf, withChange } from './cluster-picture.ts';
import { serviceErrorOf } from './service-error.ts';
import { ShellAnswer, operatorErrorOf } from './shell-answer.ts';

export type WatchNews =
  /** All there is; again after each time that the service was lost. */
  | { readonly kind: 'snapshot'; readonly picture: ClusterPicture }
  | { readonly kind: 'change'; readonly picture: ClusterPicture; readonly change: ClusterChange }
  /**
   * The service cannot be asked, since when (RFC 3339) and why; `picture` is as it was last, undefined where there
   * never was one. Told again when the reason changes. It is tried again by itself.
   */
  | {
      readonly kind: 'lost';
      readonly picture: ClusterPicture | undefined;
      readonly since: string;
      readonly error: Error;
    };

/** It sends a line every WATCH_BEAT_MS: two that did not come, and a little. */
const SILENCE_MS = 2 * WATCH_BEAT_MS + 1_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/**
 * Follows the whole cluster through the status service, and comes back by itself when that was restarted or hangs.
 * `onNews` is called for everything that is heard, from the first picture on, until {@link close}.
 */
export class ClusterWatch implements Disposable {
  readonly #socketPath: string;
  readonly #onNews: (news: WatchNews) => void;
  readonly #silenceMs: number;
  readonly #wait = new WakeableWait();
  #picture: ClusterPicture | undefined;
  #socket: Socket | undefined;
  #lost: { readonly since: string; readonly message: string } | undefined;
  #closed = false;

  constructor(socketPath: string, onNews: (news: WatchNews) => void, silenceMs: number = SILENCE_MS) {
    this.#socketPath = socketPath;
    this.#onNews = onNews;
    this.#silenceMs = silenceMs;
    void this.#run();
  }

  /** Nothing is told any more from here on. */
  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
    this.#wait.wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#closed; failures += 1) {
      try {
        const socket = await this.#begin();
        failures = 0;
        await this.#follow(socket);
      } catch (error) {
        this.#isLost(serviceErrorOf(error, this.#socketPath));
      } finally {
        this.#socket?.destroy();
      }
      if (!this.#closed) await this.#wait.wait(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures));
    }
  }

  async #begin(): Promise<Socket> {
    const socket = connect(this.#socketPath);
    this.#socket = socket;
    await withDeadline(once(socket, 'connect'), LIMITS.readCallMs, 'connecting');
    socket.on('error', () => {}); // told by 'close'
    writeJsonLine(socket, { op: 'watch' } satisfies ShellRequest);
    const first = readFirstLine(socket, SHELL_ANSWER_BYTES);
    const { line, rest } = await withDeadline(first, LIMITS.readCallMs, 'the answer');
    const answer = ShellAnswer.parse(JSON.parse(line));
    if (!answer.ok) throw operatorErrorOf(answer);
    const picture = pictureOf(ClusterSnapshot.parse(answer.result), this.#picture);
    this.#lost = undefined;
    this.#tell({ kind: 'snapshot', picture });
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }

  /** Takes changes until the connection ends, which is an error here, as is a service that says nothing. */
  async #follow(socket: Socket): Promise<void> {
    const { promise: over, reject } = Promise.withResolvers<never>();
    const silence = setTimeout(() => {
      reject(new ChannelClosedError(`nothing came from it for ${this.#silenceMs / 1000} s`));
    }, this.#silenceMs);
    const take = (line: string): void => {
      const change = ClusterChange.parse(JSON.parse(line));
      if (this.#picture) this.#tell({ kind: 'change', change, picture: withChange(this.#picture, change) });
    };
    socket.on('data', () => silence.refresh());
    socket.on('close', () => reject(new ChannelClosedError('it ended the connection')));
    readLines(socket, take, reject, SHELL_ANSWER_BYTES);
    socket.resume();
    try {
      await over;
    } finally {
      clearTimeout(silence);
    }
  }

  #tell(news: WatchNews): void {
    if (this.#closed) return;
    this.#picture = news.picture;
    this.#onNews(news);
  }

  #isLost(error: Error): void {
    const since = this.#lost?.since ?? new Date().toISOString();
    if (this.#lost?.message === error.message) return;
    this.#lost = { since, message: error.message };
    this.#tell({ kind: 'lost', picture: this.#picture, since, error });
  }
}
