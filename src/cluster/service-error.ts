import { OperationError, OperatorError, codeOf, messageOf } from '../base/errors.ts';

/** What kept the status service from answering, fit for an operator; what is no trouble with it stays as it is. */
export function serviceErrorOf(error: unknown, socketPath: string): Error {
  if (error instanceof OperatorError || !(error instanceof Error)) return error as Error;
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new OperationError('convocate-status.service is not running on this host', {
      hint: 'run `systemctl status convocate-status`; on a host that is no shell host yet, `convocate-host init-shell`',
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new OperationError(`no right to open ${socketPath}`, {
      hint: 'run it as the user claude, or as root',
      cause: error,
    });
  if (!code && error.name !== 'DeadlineError' && error.name !== 'ChannelClosedError') return error;
  return new OperationError(`convocate-status.service gave no answer: ${messageOf(error)}`, {
    hint: 'run `systemctl status convocate-status`; look with `convocate ls` before you repeat a change',
    cause: error,
  });
}
