import { OperationError, messageOf } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { Session } from '../../protocol/session.ts';

/**
 * The session as its agent has it after a change that is done. Whatever keeps it from being shown, its end among other
 * things, is told as {@link OperationError} that says so: a refusal, exit 3, would say that nothing was changed.
 */
export async function sessionAfter(
  shell: ShellClient,
  { agentId, uuid }: { readonly agentId: string; readonly uuid: string },
  done: string,
): Promise<Session> {
  try {
    return await shell.call(agentId, 'get', { id: uuid });
  } catch (cause) {
    throw new OperationError(`${done}, but it could not be shown: ${messageOf(cause)}`, {
      hint: 'that is done, so do not repeat it; see how the session is with `convocate ls`',
      cause,
    });
  }
}
