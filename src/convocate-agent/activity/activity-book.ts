import type { Activity } from '../../protocol/activity.ts';
import { type ContainerEvidence, type TerminalEvidence, decideActivity, isNews } from './decide-activity.ts';
import type { ProgramStatus } from './program-status.ts';
import type { Report } from './report-file.ts';

interface Page {
  readonly report?: Report | undefined;
  readonly status?: ProgramStatus | undefined;
  readonly terminal?: TerminalEvidence | undefined;
  /** Since when the report has told this state; milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
}

/** What was last heard and seen of each session's program; in memory, because a look at the homes brings it back. */
export class ActivityBook {
  readonly #pages = new Map<string, Page>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * A program may report the same state again and again: it is in it since the first of these reports. Not where its status
   * told another one meanwhile: a question was answered then, and this is the next.
   */
  note(id: string, news: Page): void {
    const before = this.#pages.get(id);
    const isSame = news.report && news.report.state === before?.report?.state && !hasLeft(before);
    const sinceMs = isSame ? before?.sinceMs : news.report?.atMs;
    this.#pages.set(id, { ...before, ...news, ...('report' in news && { sinceMs }) });
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

/** Whether the state of the last report was over by what the status has told since. */
function hasLeft({ report, status }: Page): boolean {
  return report !== undefined && status !== undefined && isNews(status, report);
}
