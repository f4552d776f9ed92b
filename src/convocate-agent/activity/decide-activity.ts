import type { Activity, Evidence } from '../../protocol/activity.ts';
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
  /** Its title says that the program does nothing; one that does not tell this is not at rest. */
  readonly atRest: boolean;
  /** Since when it has been at rest without a report of that; undefined while it is not. */
  readonly restSinceMs?: number | undefined;
}

export interface ActivityEvidence {
  readonly container: ContainerEvidence | undefined;
  readonly report?: Report | undefined;
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

/**
 * What a session's program is doing, and which evidence says so; undefined of a session that has never run. Pure. The
 * program's own report counts first. The terminal overrules it in two cases, because no hook tells of either: the answer to a
 * question (until the tool that was asked about has ended), told by a terminal that works on after it; and work that a person
 * interrupted, told by a title that says the program is at rest.
 */
export function decideActivity(seen: ActivityEvidence, nowMs: number): Decision | undefined {
  const { container, terminal } = seen;
  if (!container || container.startedAt === '') return undefined;
  if (!container.running) return ended(container);
  const startedMs = Date.parse(container.startedAt);
  const report = reportOfRun(seen.report, container.startedAt);
  const running: Evidence = {
    source: 'container',
    says: 'it runs',
    at: container.startedAt,
    counts: !report,
  };
  const output = terminal && { last_output_at: iso(terminal.lastOutputMs) };
  if (!report) {
    const none: Evidence = { source: 'hook', says: 'its program has reported nothing', counts: false };
    const activity: Activity = { state: 'unknown', since: container.startedAt, detail: '', ...output };
    return { activity, evidence: [running, none, ...terminalSays(terminal, nowMs, false)] };
  }
  const overruled = overruledBy(report, terminal);
  const hook: Evidence = {
    source: 'hook',
    says: `its program reported: ${report.state}${report.detail && ` (${report.detail})`}`,
    at: iso(report.atMs),
    counts: !overruled,
  };
  const told = {
    state: report.state,
    since: iso(Math.max(seen.sinceMs ?? report.atMs, startedMs)),
    detail: detailOf(report, terminal, nowMs),
  };
  const activity: Activity = { ...(overruled ?? told), ...output };
  return { activity, evidence: [running, hook, ...terminalSays(terminal, nowMs, overruled !== undefined)] };
}

/** A report of a run before, which a container that was started by hand finds in its home, counts for nothing. */
export function reportOfRun(report: Report | undefined, startedAt: string): Report | undefined {
  return report && report.atMs >= Date.parse(startedAt) - START_SLACK_MS ? report : undefined;
}

/** What the terminal says against the report. */
function overruledBy({ state }: Report, terminal: TerminalEvidence | undefined): Activity | undefined {
  if (state === 'waiting' && terminal?.busySinceMs !== undefined)
    return { state: 'working', since: iso(terminal.busySinceMs), detail: '' };
  if (state === 'working' && terminal?.restSinceMs !== undefined)
    return {
      state: 'waiting',
      since: iso(terminal.restSinceMs),
      detail: 'interrupted; waits for what to do next',
    };
  return undefined;
}

function ended({ startedAt, endedAt, exitCode, oomKilled }: ContainerEvidence): Decision {
  const code = exitCode === undefined ? 'nobody knows its exit code' : `exit code ${exitCode}`;
  const detail = oomKilled ? `out of memory, ${code}` : code;
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

function terminalSays(terminal: TerminalEvidence | undefined, nowMs: number, counts: boolean): Evidence[] {
  if (!terminal) return [];
  const ago = Math.max(0, Math.round((nowMs - terminal.lastOutputMs) / 1000));
  const goes = terminal.busySinceMs === undefined ? '' : ', and goes on';
  const rests = terminal.atRest ? '; its title says that the program is at rest' : '';
  return [
    {
      source: 'terminal',
      says: `it last showed something new ${ago} s ago${goes}${rests}`,
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
