import { ofRun } from './decide-activity.ts';
import type { ProgramStatus } from './program-status.ts';
import type { Report } from './report-file.ts';

const ASKED_MS = 5_000;
const SILENT_MS = 15_000;
/** A program at work reports with each of its tools. */
const TOOL_MS = 30_000;

interface Told {
  readonly report?: Report | undefined;
  readonly status?: ProgramStatus | undefined;
}

/**
 * How often a session's terminal is worth a look, in milliseconds; undefined where its program's own words say all. One
 * that asked something may have its answer, which only a status tells; one at work may be quiet for long; and one that
 * says nothing of itself has only its terminal.
 *
 * @param startedAt of its container, RFC 3339: what is older says nothing of this run
 */
export function dueLook(told: Told, startedAt: string, nowMs: number): number | undefined {
  const report = ofRun(told.report, startedAt, nowMs);
  const status = ofRun(told.status, startedAt, nowMs);
  if (!report) return status ? undefined : SILENT_MS;
  if (report.state === 'waiting') return status ? undefined : ASKED_MS;
  return report.state === 'working' && nowMs - report.atMs >= TOOL_MS ? SILENT_MS : undefined;
}
