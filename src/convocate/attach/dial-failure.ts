import { DeadlineError } from '../../base/deadline.ts';
import { OperatorError, messageOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';

export interface DialFailure {
  readonly failure: 'again' | 'unknown' | 'refused';
  readonly problem: string;
}

/**
 * What a failed try to come back means. A service that is being restarted, an agent that cannot be reached and Docker that
 * is away are all waited for; an agent that knows the session and will not have it is not asked again.
 */
export function failureOf(error: unknown): DialFailure {
  const problem = messageOf(error);
  const refusal = error instanceof OperatorError ? error.details.cause : error;
  if (!(refusal instanceof RpcError)) {
    if (error instanceof OperatorError || error instanceof DeadlineError)
      return { failure: 'again', problem };
    return { failure: 'refused', problem };
  }
  switch (refusal.code) {
    case 'not_found':
      return { failure: 'unknown', problem };
    case 'conflict':
    case 'bad_request':
    case 'unknown_op':
      return { failure: 'refused', problem };
    case 'busy':
    case 'docker':
    case 'internal':
    case 'refused': // also what the service says of an agent that it cannot reach
      return { failure: 'again', problem };
  }
}
