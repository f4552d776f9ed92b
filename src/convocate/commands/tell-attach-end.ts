import { OperationError } from '../../base/errors.ts';
import type { AttachEnd } from '../attach/attach-end.ts';

/** One line on stderr; {@link OperationError} where the end was nobody's wish. */
export function tellAttachEnd({ kind, text, hint }: AttachEnd): void {
  if (kind === 'lost' || kind === 'signal')
    throw new OperationError(text, hint === undefined ? {} : { hint });
  process.stderr.write(`${text}\n`);
}
