import type { Activity } from '../../protocol/activity.ts';
import { type ContainerEvidence, type TerminalEvidence, decideActivity } from './decide-activity.ts';
import type { Report } from './report-file.ts';

interface Page {
  readonly report?: Report | undefined;
  readonly terminal?: TerminalEvidence | undefined;
}

/** What was last heard and seen of each session's program; in memory, because a look at the homes brings it back. */
export class ActivityBook {
  readonly #pages = new Map<string, Page>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(id: string, news: Page): void {
    this.#pages.set(id, { ...this.#pages.get(id), ...news });
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
