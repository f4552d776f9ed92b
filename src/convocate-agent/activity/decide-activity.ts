import type { Activity, Evidence } from '../../protocol/activity.ts';
import { FOUND_DEAD_EXIT } from '../../protocol/session.ts';
import type { ProgramStatus } from './program-status.ts';
import type { Report } from './report-file.ts';

/** Of the session's last container. */
export interface ContainerEvidence {
  readonly running: boolean;
  /** RFC 3339; empty where it was never started. */
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly oomKilled?: boolean | undefined;
}

/** What looks at the session's terminal have seen. */
export interface TerminalEvidence {
  /** When it last showed something new, to the second; milliseconds since 1970. */
  readonly lastOutputMs: number;
  readonly lookedAtMs: number;
  /** Since when output has gone on from look to look; undefined while it is quiet. */
  readonly busySinceMs?: number | undefined;
  /** The command in the foreground, as tmux names it. */
  readonly command: string;
}

export interface ActivityEvidence {
  readonly container: ContainerEvidence | undefined;
  readonly report?: Report | undefined;
  readonly status?: ProgramStatus | undefined;
  /** The status is there still, and not only what was read before. */
  readonly statusStands?: boolean | undefined;
  /** Since when reports have told its state, where that is longer ago; milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  readonly terminal?: TerminalEvidence | undefined;
}

export interface Decision {
  readonly activity: Activity;
  readonly evidence: readonly Evidence[];
}

/** A program that says it works and shows nothing new for so long may have lost its way: that is told with it. */
const LONG_QUIET_MS = 120_000;
/** The clock of the container's start and that of its programs are one, but not read at one moment. */
const START_SLACK_MS = 1_000;
/** A status of `idle` may come this much before the report that the turn is over. */
export const SETTLES_MS = 500;

/**
 * What a session's program is doing, and which evidence says so; undefined of a session that has never run. Pure. The
 * program's own words count first: the report of its hooks, which knows more, or its status where that is newer and says
 * something else, since no hook tells of the answer to a question (until the tool that was asked about has ended), nor
 * of work that a person interrupted. Or where it stands, though a part of the program has reported since: an agent of its
 * own that ends says nothing of the question that is still on the screen, nor a turn's end of those that work on. A terminal that works on after a question overrules the report of a program that
 * has no status.
 */
export function decideActivity(seen: ActivityEvidence, nowMs: number): Decision | undefined {
  const { container, terminal } = seen;
  if (!container || container.startedAt === '') return undefined;
  if (!container.running) return ended(container);
  const report = ofRun(seen.report, container.startedAt, nowMs);
  const status = ofRun(seen.status, container.startedAt, nowMs);
  const output = terminal && { last_output_at: iso(terminal.lastOutputMs) };
  const sinceMs = Math.max(seen.sinceMs ?? report?.atMs ?? 0, earliestOf(container.startedAt, nowMs));
  const reported = report && {
    state: report.state,
    since: iso(sinceMs),
    detail: detailOf(report, terminal, nowMs),
  };
  const byStatus = status && toldByStatus(status, report, seen.statusStands ?? false, nowMs);
  const byTerminal = status ? undefined : toldByTerminal(report, terminal);
  const unknown: Activity = { state: 'unknown', since: container.startedAt, detail: '' };
  const activity = byStatus ?? byTerminal ?? reported ?? unknown;
  return {
    activity: { ...activity, ...output },
    evidence: [
      { source: 'container', says: 'it runs', at: container.startedAt, counts: activity === unknown },
      hookSays(report, activity === reported),
      ...statusSays(status, activity === byStatus),
      ...terminalSays(terminal, nowMs, activity === byTerminal),
    ],
  };
}

/** What is of a run before, which a container that was started by hand finds in its home, counts for nothing. */
export function ofRun<Told extends { readonly atMs: number }>(
  told: Told | undefined,
  startedAt: string,
  nowMs: number,
): Told | undefined {
  return told && told.atMs >= earliestOf(startedAt, nowMs) - START_SLACK_MS ? told : undefined;
}

/**
 * The earliest that this run can have told anything. A start in the future says that the clock was set back since: then nothing
 * can be held against it. The report of the run before went before this one was started; only a status that a killed program
 * left there can pass for news, until this program's own.
 */
function earliestOf(startedAt: string, nowMs: number): number {
  const startedMs = Date.parse(startedAt);
  return startedMs - START_SLACK_MS > nowMs ? 0 : startedMs;
}

const SAME = { busy: 'working', waiting: 'waiting', idle: 'idle' } as const;

/** Whether the status says something else than the report, and later. */
export function isNews({ state, atMs }: ProgramStatus, report: Report | undefined): boolean {
  return !report || (atMs > report.atMs && report.state !== SAME[state]);
}

/**
 * Whether the program is still busy, or waits, whatever was reported of an end or of work since. At the end of its own turn
 * the status follows within 0.3 s; to wait for that would tell of an end, or ring a bell, with each report of a part.
 */
function outlasts({ state }: ProgramStatus, report: Report | undefined): boolean {
  if (!report || state === 'idle') return false;
  return (report.state === 'idle' || report.state === 'working') && report.state !== SAME[state];
}

/** Where the status has news, or stands; undefined where the report is newer, or says the same with more words. */
function toldByStatus(
  status: ProgramStatus,
  report: Report | undefined,
  stands: boolean,
  nowMs: number,
): Activity | undefined {
  const { state, detail, atMs } = status;
  if (!isNews(status, report) && !(stands && outlasts(status, report))) return undefined;
  if (state === 'idle' && nowMs - atMs < SETTLES_MS) return undefined;
  const since = iso(atMs);
  // A turn that ends by itself is reported, and before its status as a rule.
  if (state === 'idle' && (report?.state === 'working' || report?.state === 'waiting'))
    return { state: 'waiting', since, detail: 'interrupted; waits for what to do next' };
  return { state: SAME[state], since, detail };
}

function toldByTerminal(
  report: Report | undefined,
  terminal: TerminalEvidence | undefined,
): Activity | undefined {
  if (report?.state !== 'waiting' || terminal?.busySinceMs === undefined) return undefined;
  return { state: 'working', since: iso(terminal.busySinceMs), detail: '' };
}

function ended({ startedAt, endedAt, exitCode, oomKilled }: ContainerEvidence): Decision {
  const code = exitCode === undefined ? 'nobody knows its exit code' : `exit code ${exitCode}`;
  const isFoundDead = exitCode === FOUND_DEAD_EXIT && !oomKilled;
  const detail = `${oomKilled ? 'out of memory, ' : ''}${code}${isFoundDead ? ', as after a power cut' : ''}`;
  return {
    activity: { state: 'exited', since: endedAt || startedAt, detail },
    evidence: [
      { source: 'container', says: `it has ended: ${detail}`, ...(endedAt && { at: endedAt }), counts: true },
    ],
  };
}

function detailOf(report: Report, terminal: TerminalEvidence | undefined, nowMs: number): string {
  const quietMs = terminal ? nowMs - Math.max(terminal.lastOutputMs, report.atMs) : 0;
  if (report.state !== 'working' || quietMs < LONG_QUIET_MS) return report.detail;
  const quiet = `quiet for ${Math.floor(quietMs / 60_000)} min`;
  return report.detail === '' ? quiet : `${report.detail}, ${quiet}`;
}

function hookSays(report: Report | undefined, counts: boolean): Evidence {
  if (!report) return { source: 'hook', says: 'its program has reported nothing', counts };
  const { state, detail, atMs } = report;
  return {
    source: 'hook',
    says: `its program reported: ${state}${detail && ` (${detail})`}`,
    at: iso(atMs),
    counts,
  };
}

function statusSays(status: ProgramStatus | undefined, counts: boolean): Evidence[] {
  if (!status) return [];
  const { state, detail, atMs } = status;
  return [
    { source: 'process', says: `its status is: ${state}${detail && ` (${detail})`}`, at: iso(atMs), counts },
  ];
}

function terminalSays(terminal: TerminalEvidence | undefined, nowMs: number, counts: boolean): Evidence[] {
  if (!terminal) return [];
  const ago = Math.max(0, Math.round((nowMs - terminal.lastOutputMs) / 1000));
  const goes = terminal.busySinceMs === undefined ? '' : ', and goes on';
  return [
    {
      source: 'terminal',
      says: `it last showed something new ${ago} s ago${goes}`,
      at: iso(terminal.lookedAtMs),
      counts,
    },
    {
      source: 'process',
      says: `${terminal.command} runs in it`,
      at: iso(terminal.lookedAtMs),
      counts: false,
    },
  ];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
