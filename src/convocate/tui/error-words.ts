import { OperatorError, messageOf } from '../../base/errors.ts';

/** An error in one line: what failed, on which host where that is not said yet, and what to do next. */
export function errorWords(error: unknown): string {
  if (!(error instanceof OperatorError)) return messageOf(error);
  const { host, hint } = error.details;
  const where = host !== undefined && !error.message.includes(host) ? ` (${host})` : '';
  return `${error.message}${where}${hint === undefined ? '' : `: ${hint}`}`;
}
