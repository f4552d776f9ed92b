import { messageOf } from '../../base/errors.ts';
import type { Activity } from '../../protocol/activity.ts';
import type { Agent } from '../sessions/agent.ts';
import { announce } from '../sessions/describe-session.ts';
import { homeOf } from '../sessions/paths.ts';
import { ActivityTeller } from './activity-teller.ts';
import { containerEvidence } from './container-evidence.ts';
import { dueLook } from './due-look.ts';
import { SETTLES_MS } from './decide-activity.ts';
import { comparedWith, lookAtTerminal } from './look-at-terminal.ts';
import { STATUS_DIRECTORY, readProgramStatus } from './program-status.ts';
import { REPORT_DIRECTORY, readReport } from './report-file.ts';
import { SessionWatch } from './session-watch.ts';

const TICK_MS = 1_000;
/** The file system's notice may be missed. */
const REREAD_MS = 10_000;
/** A look costs a `docker exec`: so many at once, whatever there is to look at. */
const MOST_LOOKS = 4;
const REST_MS = 60_000;

interface Watched {
  readonly watches: readonly SessionWatch[];
  readAtMs: number;
  /** Runs until a new status has settled; then it counts where no report came after it. */
  settling: NodeJS.Timeout | undefined;
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
    for (const watched of this.#watched.values()) {
      for (const watch of watched.watches) watch[Symbol.dispose]();
      await watched.reading;
      clearTimeout(watched.settling);
    }
    this.#watched.clear();
  }

  #tick(): void {
    this.#takeUp();
    const nowMs = performance.now();
    for (const [id, watched] of this.#watched) {
      if (nowMs - watched.readAtMs >= REREAD_MS) this.#read(id, watched);
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
      const everyMs = dueLook(activities.pageOf(id), startedAt, now().getTime());
      return everyMs !== undefined && nowMs - lookedAtMs >= everyMs;
    });
    due.sort(([, a], [, b]) => a.lookedAtMs - b.lookedAtMs);
    for (const [id, watched] of due.slice(0, Math.max(0, MOST_LOOKS - this.#looks)))
      void this.#look(id, watched);
  }

  /** Sessions come and go by themselves; only one that runs is watched. */
  #takeUp(): void {
    const running = new Set(this.#agent.containers.running().map(({ uuid }) => uuid));
    for (const [id, { watches, settling }] of this.#watched) {
      if (running.has(id)) continue;
      for (const watch of watches) watch[Symbol.dispose]();
      clearTimeout(settling);
      this.#watched.delete(id);
      this.#agent.activities.forget(id);
      this.#teller.forget(id);
    }
    for (const id of running) if (!this.#watched.has(id)) this.#add(id);
  }

  #add(id: string): void {
    const home = homeOf(this.#agent.paths, id);
    const watches = [[REPORT_DIRECTORY], STATUS_DIRECTORY].map(
      (names) => new SessionWatch(home, names, () => this.#read(id, watched)),
    );
    const watched: Watched = {
      watches,
      readAtMs: performance.now(),
      settling: undefined,
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
    for (const watch of watched.watches) watch.listen();
    watched.reading = this.#readOnce(id, watched).finally(() => {
      watched.reading = undefined;
      if (!watched.readAgain) return;
      watched.readAgain = false;
      this.#read(id, watched);
    });
  }

  async #readOnce(id: string, watched: Watched): Promise<void> {
    const { activities, paths, now } = this.#agent;
    const home = homeOf(paths, id);
    const report = await readReport(home, now().getTime());
    const status = await readProgramStatus(home, now().getTime());
    if (this.#watched.get(id) !== watched) return;
    const before = activities.pageOf(id);
    const { terminal } = before;
    // A new question is not answered by what the terminal did before.
    const isNewer = before.report?.atMs !== report?.atMs;
    activities.note(id, {
      report,
      ...(status && { status }), // none that can be read tells nothing new
      statusStands: status !== undefined,
      ...(isNewer && terminal && { terminal: { ...terminal, busySinceMs: undefined } }),
    });
    this.#tell(id);
    if (status?.atMs === before.status?.atMs) return;
    clearTimeout(watched.settling);
    watched.settling = setTimeout(() => this.#tell(id), SETTLES_MS).unref();
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
