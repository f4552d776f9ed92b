import type { Writable } from 'node:stream';
import type { LiveView } from '../../cluster/live-view.ts';
import { type ClusterChange, type ClusterSnapshot, WATCH_BEAT_MS } from '../../protocol/shell-socket.ts';

/** Changes that come closer together than this travel as one. */
const MERGE_MS = 10;
/** A client that takes nothing for so long is hung up on; when it wakes, it connects again and sees all anew. */
const PATIENCE_MS = 60_000;

export interface WatchersOptions {
  readonly live: Pick<LiveView, 'rows' | 'agents' | 'sessions' | 'onChange'>;
  /** What the operators call this cluster. */
  readonly name: string;
  readonly version: string;
  readonly load: () => number[];
  readonly nowMs: () => number;
  readonly onProblem: (message: string) => void;
}

interface Watcher {
  readonly out: Writable;
  /** The moment that its client has been told of. */
  revision: number;
  /** Since when it takes nothing more. */
  fullSinceMs: number | undefined;
}

/**
 * The clients that watch the cluster: each gets all there is, then what changes. Nothing is queued for any of them: who
 * is slow is told, when there is room again, of whatever has become another since, merged row by row.
 */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #watchers = new Set<Watcher>();
  readonly #ignoreChanges: () => void;
  readonly #beat: NodeJS.Timeout;
  #merging: NodeJS.Timeout | undefined;
  #toldAtMs = -Infinity;
  /** Made once for all who come while nothing changes. */
  #snapshot: { readonly revision: number; readonly line: Buffer } | undefined;

  constructor(options: WatchersOptions) {
    this.#options = options;
    this.#ignoreChanges = options.live.onChange(() => this.#changed());
    this.#beat = setInterval(() => this.#onBeat(), WATCH_BEAT_MS);
  }

  get count(): number {
    return this.#watchers.size;
  }

  /** Tells `out` everything and goes on until it is closed. */
  add(out: Writable): void {
    const { rows } = this.#options.live;
    const watcher: Watcher = { out, revision: rows.revision, fullSinceMs: undefined };
    this.#watchers.add(watcher);
    out.on('drain', () => {
      watcher.fullSinceMs = undefined;
      this.#tell([watcher]);
    });
    out.on('close', () => this.#watchers.delete(watcher));
    this.#write(watcher, this.#snapshotLine());
  }

  close(): void {
    this.#ignoreChanges();
    clearInterval(this.#beat);
    clearTimeout(this.#merging);
  }

  /** The first change after a quiet moment goes out at once; those right behind it wait for each other. */
  #changed(): void {
    const waitMs = this.#toldAtMs + MERGE_MS - this.#options.nowMs();
    if (waitMs <= 0) this.#tell(this.#watchers);
    else this.#merging ??= setTimeout(() => this.#tell(this.#watchers), waitMs);
  }

  #tell(watchers: Iterable<Watcher>): void {
    if (watchers === this.#watchers) {
      clearTimeout(this.#merging);
      this.#merging = undefined;
      this.#toldAtMs = this.#options.nowMs();
    }
    const { rows } = this.#options.live;
    const lines = new Map<number, Buffer>();
    for (const watcher of watchers) {
      if (watcher.fullSinceMs !== undefined || watcher.revision === rows.revision) continue;
      const line = lines.get(watcher.revision) ?? lineOf(rows.since(watcher.revision));
      lines.set(watcher.revision, line);
      watcher.revision = rows.revision;
      this.#write(watcher, line);
    }
    rows.forgetGone(Math.min(rows.revision, ...[...this.#watchers].map(({ revision }) => revision)));
  }

  #write(watcher: Watcher, line: Buffer): void {
    if (!watcher.out.writable) return; // it ends just now
    if (!watcher.out.write(line)) watcher.fullSinceMs = this.#options.nowMs();
  }

  #onBeat(): void {
    this.#snapshot = undefined;
    const line = lineOf({ load: this.#options.load() });
    for (const watcher of this.#watchers) {
      if (watcher.fullSinceMs === undefined) this.#write(watcher, line);
      else if (this.#options.nowMs() - watcher.fullSinceMs >= PATIENCE_MS) this.#hangUp(watcher);
    }
  }

  #hangUp({ out }: Watcher): void {
    this.#options.onProblem(`a client that watches took nothing for ${PATIENCE_MS / 1000} s: hung up on it`);
    out.destroy();
  }

  #snapshotLine(): Buffer {
    const { live, name, version, load } = this.#options;
    const { revision } = live.rows;
    if (this.#snapshot?.revision !== revision) {
      const result: ClusterSnapshot = {
        name,
        version,
        load: load(),
        agents: live.agents(),
        sessions: live.sessions(),
      };
      this.#snapshot = { revision, line: lineOf({ ok: true, result }) };
    }
    return this.#snapshot.line;
  }
}

/** As bytes, of which every socket holds the same ones. */
function lineOf(value: ClusterChange | { readonly ok: true; readonly result: ClusterSnapshot }): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
