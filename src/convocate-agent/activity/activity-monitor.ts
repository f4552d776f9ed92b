import { messageOf } from '../../base/errors.ts';
import type { Activity } from '../../protocol/activity.ts';
import type { Agent } from '../sessions/agent.ts';
import { announce } from '../sessions/describe-session.ts';
import { homeOf } from '../sessions/paths.ts';
import { ActivityTeller } from './activity-teller.ts';
import { containerEvidence } from './container-evidence.ts';
import { dueLook } from './due-look.ts';
import { comparedWith, lookAtTerminal } from './look-at-terminal.ts';
import { readReport } from './report-file.ts';
import { SessionWatch } from './session-watch.ts';

const TICK_MS = 1_000;
/** The file system's notice may be missed. */
const REREAD_MS = 10_000;
/** A look costs a `docker exec`: so many at once, whatever there is to look at. */
const MOST_LOOKS = 4;
const REST_MS = 60_000;

interface Watched {
  readonly watch: SessionWatch;
  readAtMs: number;
  lookedAtMs: number;
  /** Of a terminal that did not answer in time: it is left alone for a while. */
  restsUntilMs: number;
  reading: Promise<void> | undefined;
  readAgain: boolean;
  isLookedAt: boolean;
}

/** Follows what the programs of all running sessions are doing, and tells the shell what is new. */
export class ActivityMonitor implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #watched = new Map<string, Watched>();
  readonly #teller: ActivityTeller;
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#teller = new ActivityTeller((id) => void announce(agent, 'container.activity', id));
  }

  /** Reads every report there is, then goes on by itself. Never rejects. */
  async start(): Promise<void> {
    this.#takeUp();
    for (const { reading } of this.#watched.values()) await reading;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#teller[Symbol.dispose]();
    for (const { watch, reading } of this.#watched.values()) {
      watch[Symbol.dispose]();
      await reading;
    }
    this.#watched.clear();
  }

  #tick(): void {
    this.#takeUp();
    const nowMs = performance.now();
    for (const [id, watched] of this.#watched) {
      if (nowMs - watched.readAtMs < REREAD_MS) continue;
      watched.watch.listen();
      this.#read(id, watched);
    }
    this.#lookWhereDue();
  }

  /** As many as are allowed at once, the one first that was not looked at for the longest time: all have their turn. */
  #lookWhereDue(): void {
    const nowMs = performance.now();
    const due = [...this.#watched].filter(([id, { isLookedAt, lookedAtMs, restsUntilMs }]) => {
      if (isLookedAt || nowMs < restsUntilMs) return false;
      const { activities, containers, now } = this.#agent;
      const startedAt = containers.factsOf(id)?.startedAt ?? '';
      const everyMs = dueLook(activities.pageOf(id).report, startedAt, now().getTime());
      return everyMs !== undefined && nowMs - lookedAtMs >= everyMs;
    });
    due.sort(([, a], [, b]) => a.lookedAtMs - b.lookedAtMs);
    for (const [id, watched] of due.slice(0, Math.max(0, MOST_LOOKS - this.#looks)))
      void this.#look(id, watched);
  }

  /** Sessions come and go by themselves; only one that runs is watched. */
  #takeUp(): void {
    const running = new Set(this.#agent.containers.running().map(({ uuid }) => uuid));
    for (const [id, { watch }] of this.#watched) {
      if (running.has(id)) continue;
      watch[Symbol.dispose]();
      this.#watched.delete(id);
      this.#agent.activities.forget(id);
      this.#teller.forget(id);
    }
    for (const id of running) if (!this.#watched.has(id)) this.#add(id);
  }

  #add(id: string): void {
    const watch = new SessionWatch(homeOf(this.#agent.paths, id), () => this.#read(id, watched));
    const watched: Watched = {
      watch,
      readAtMs: performance.now(),
      lookedAtMs: -Infinity,
      restsUntilMs: -Infinity,
      reading: undefined,
      readAgain: false,
      isLookedAt: false,
    };
    this.#watched.set(id, watched);
    this.#read(id, watched);
  }

  /** One reading at a time; what changes meanwhile is read after it. */
  #read(id: string, watched: Watched): void {
    if (watched.reading) {
      watched.readAgain = true;
      return;
    }
    watched.readAtMs = performance.now();
    watched.reading = this.#readOnce(id).finally(() => {
      watched.reading = undefined;
      if (!watched.readAgain) return;
      watched.readAgain = false;
      this.#read(id, watched);
    });
  }

  async #readOnce(id: string): Promise<void> {
    const { activities, paths, now } = this.#agent;
    const report = await readReport(homeOf(paths, id), now().getTime());
    if (!this.#watched.has(id)) return;
    const before = activities.pageOf(id).report;
    // A new question is not answered, and new work not interrupted, by what the terminal did before.
    const isNewer = before?.atMs !== report?.atMs;
    const { terminal } = activities.pageOf(id);
    activities.note(id, {
      report,
      ...(isNewer &&
        terminal && { terminal: { ...terminal, busySinceMs: undefined, restSinceMs: undefined } }),
    });
    this.#tell(id);
  }

  async #look(id: string, watched: Watched): Promise<void> {
    const { activities, log } = this.#agent;
    watched.isLookedAt = true;
    watched.lookedAtMs = performance.now();
    this.#looks += 1;
    try {
      const seen = await lookAtTerminal(this.#agent, id);
      if (!seen || this.#watched.get(id) !== watched) return;
      const { terminal, report } = activities.pageOf(id);
      activities.note(id, { terminal: comparedWith(terminal, seen, report?.atMs ?? 0) });
      this.#tell(id);
    } catch (error) {
      watched.restsUntilMs = performance.now() + REST_MS;
      log.debug({ session: id }, `its terminal could not be looked at: ${messageOf(error)}`);
    } finally {
      this.#looks -= 1;
      watched.isLookedAt = false;
      if (this.#timer) this.#lookWhereDue();
    }
  }

  #tell(id: string): void {
    const activity = (): Activity | undefined =>
      this.#agent.activities.activityOf(id, containerEvidence(this.#agent.containers.factsOf(id)));
    this.#teller.consider(id, activity);
  }
}
