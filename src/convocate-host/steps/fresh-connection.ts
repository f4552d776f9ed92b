import { pollUntil } from '../../base/deadline.ts';
import { OperationError, OperatorError, messageOf } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { afterChange } from '../after-change.ts';

/**
 * A second way in, tried again until `timeoutMs` are over: the network may be away for a moment just after a restart,
 * and that says nothing about the release. Throws OperationError where none comes.
 */
export async function freshConnection(host: Host, timeoutMs: number): Promise<Host> {
  let last: unknown;
  const connect = async (): Promise<Host | undefined> => {
    try {
      return await host.reconnect();
    } catch (error) {
      last = afterChange(error);
      return undefined;
    }
  };
  try {
    return await pollUntil(connect, { timeoutMs, intervalMs: 1_000, what: 'a fresh connection' });
  } catch (cause) {
    const { output, ...details } = last instanceof OperatorError ? last.details : {};
    throw new OperationError('the release could not be confirmed: no fresh SSH connection to the host came', {
      ...details,
      host: host.name,
      output: [messageOf(last), output?.trim()].filter(Boolean).join('\n'),
      cause,
    });
  }
}
