import type { Activity } from '../../protocol/activity.ts';
import { type ContainerEvidence, type TerminalEvidence, decideActivity, isNews } from './decide-activity.ts';
import type { ProgramStatus } from './program-status.ts';
import type { Report } from './report-file.ts';

interface Page {
  readonly report?: Report | undefined;
  readonly status?: ProgramStatus | undefined;
  /** It was there at the last reading. */
  readonly statusStands?: boolean | undefined;
  readonly terminal?: TerminalEvidence | undefined;
  /** Since when the report has told this state; milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** That state was over since, by the status, and has not been told again yet. */
  readonly left?: boolean | undefined;
}

/** What was last heard and seen of each session's program; in memory, because a look at the homes brings it back. */
export class ActivityBook {
  readonly #pages = new Map<string, Page>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Whatever the news leave out is as it was. */
  note(id: string, news: Pick<Page, 'report' | 'status' | 'statusStands' | 'terminal'>): void {
    const before = this.#pages.get(id) ?? {};
    const page = { ...before, ...news };
    this.#pages.set(id, { ...page, ...ageOf(page, before) });
  }

  forget(id: string): void {
    this.#pages.delete(id);
  }

  pageOf(id: string): Page {
    return this.#pages.get(id) ?? {};
  }

  /** Undefined of a session that has never run. */
  activityOf(id: string, container: ContainerEvidence | undefined): Activity | undefined {
    return decideActivity({ container, ...this.pageOf(id) }, this.#nowMs())?.activity;
  }
}

/**
 * A program may report the same state again and again: it is in it since the first of these reports. Not where its status
 * told another one meanwhile: a question was answered then, and the next one is as old as the first word of it, which
 * may be the status's too.
 */
function ageOf({ report, status }: Page, before: Page): Pick<Page, 'sinceMs' | 'left'> {
  if (!report || report.state !== before.report?.state) return { sinceMs: report?.atMs, left: false };
  const isNewReport = report.atMs > before.report.atMs;
  if (before.left && isNewReport) return { sinceMs: report.atMs, left: false };
  if (status && isNews(status, report)) return { sinceMs: before.sinceMs, left: true };
  if (before.left && status && status.atMs > report.atMs) return { sinceMs: status.atMs, left: false };
  return { sinceMs: before.sinceMs, left: before.left };
}
