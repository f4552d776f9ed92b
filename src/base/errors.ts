/** What went wrong, as an operator needs to hear it. Anything else that is thrown is a bug of ours. */

export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Exit codes of every command of ours; `docs/reference/command-line.md` is where they are promised. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, rolledBack: 4 } as const;

export interface ErrorDetails {
  /** The host it happened on, as the operator named it. */
  readonly host?: string;
  /** The command that was run, as an argv; never holds a secret. */
  readonly argv?: readonly string[];
  readonly exitCode?: number;
  /** The last lines the command printed. */
  readonly output?: string;
  /** What the operator can do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Base of all errors that are shown to an operator without a stack trace. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
  readonly exit: ExitCode = EXIT.failed;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.details = details;
  }
}

/** The operator's words do not make sense: exit 2. */
export class UsageError extends OperatorError {
  override readonly name = 'UsageError';
  override readonly exit = EXIT.usage;
}

/** Refused before anything was changed: exit 3. */
export class RefusedError extends OperatorError {
  override readonly name = 'RefusedError';
  override readonly exit = EXIT.refused;
}

/** Something was tried and failed: exit 1. */
export class OperationError extends OperatorError {
  override readonly name = 'OperationError';
}

/** Changed, then taken back: exit 4. The host serves what it served before. */
export class RolledBackError extends OperatorError {
  override readonly name = 'RolledBackError';
  override readonly exit = EXIT.rolledBack;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED` …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing more can be written there: the disk, or a quota on it, is full. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
}
