import { OperationError } from '../../base/errors.ts';
import type { StageOutcome } from '../../protocol/layer-transfer.ts';

/** What came cannot be used; `outcome` tells the sender what would help. */
export class SendAgainError extends OperationError {
  readonly outcome: StageOutcome;

  constructor(message: string, outcome: StageOutcome) {
    super(message, { hint: 'run the same command again: only what is missing is sent' });
    this.outcome = outcome;
  }
}
