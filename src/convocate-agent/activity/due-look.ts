import { reportOfRun } from './decide-activity.ts';
import type { Report } from './report-file.ts';

const ASKED_MS = 5_000;
const SILENT_MS = 15_000;
/** A program at work reports with each of its tools. */
const TOOL_MS = 30_000;

/**
 * How often a session's terminal is worth a look, in milliseconds; undefined where its own report says all. One that
 * asked something may have its answer, which it does not report; one that reports nothing has only its terminal.
 *
 * @param startedAt of its container, RFC 3339: an older report is none
 */
export function dueLook(told: Report | undefined, startedAt: string, nowMs: number): number | undefined {
  const report = reportOfRun(told, startedAt);
  if (!report) return SILENT_MS;
  if (report.state === 'waiting') return ASKED_MS;
  return report.state === 'working' && nowMs - report.atMs >= TOOL_MS ? SILENT_MS : undefined;
}
