import { OperationError } from '../base/errors.ts';
import { clipWords } from './agent-words.ts';

/** The agent could not be asked, or did not answer: not a refusal, so nobody knows its opinion. */
export class AgentUnreachableError extends OperationError {
  /** The request had gone out: what it asks for may have been done all the same. */
  readonly sent: boolean;

  constructor(host: string, message: string, options: { readonly sent: boolean; readonly cause?: unknown }) {
    super(clipWords(message), {
      host,
      cause: options.cause,
      ...(options.sent && {
        hint: 'nobody knows whether it was done: look with `convocate ls` before you repeat it',
      }),
    });
    this.sent = options.sent;
  }
}
