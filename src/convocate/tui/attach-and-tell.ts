import { OperatorError, messageOf } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import { attachToSession } from '../attach/attach-session.ts';
import type { Message, Target } from './state.ts';
import { holdOutput } from './terminal/hold-output.ts';

/**
 * Shows a session on the operator's terminal, which is free for it, until they leave it; gives what to tell them about how
 * that ended. Never rejects: the list is there to come back to.
 */
export async function attachAndTell(shell: ShellClient, target: Target, readOnly: boolean): Promise<Message> {
  const { agentId: agent_id, host, uuid, name } = target;
  const held = holdOutput();
  try {
    await attachToSession(shell, { agent_id, host, uuid, name }, { readOnly });
    const text = held.release().trim();
    return { atMs: Date.now(), kind: 'news', text: text === '' ? `left ${name}` : text };
  } catch (error) {
    held.release();
    return { atMs: Date.now(), kind: 'failed', text: wordsOf(error) };
  }
}

function wordsOf(error: unknown): string {
  const hint = error instanceof OperatorError ? error.details.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}: ${hint}`;
}
