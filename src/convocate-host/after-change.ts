import { OperationError, RefusedError } from '../base/errors.ts';

/**
 * What a refusal comes to once the host was changed: exit 1, in the same words but for the claim that nothing was. Any
 * other error stays what it is.
 */
export function afterChange(error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error;
  const message = error.message.replace(/; nothing was changed$/, '');
  return new OperationError(message, { ...error.details, cause: error });
}
