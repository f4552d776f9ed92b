import type { ShellClient } from '../../cluster/shell-client.ts';
import { type AttachOptions, attachToSession } from '../attach/attach-session.ts';
import { errorWords } from './error-words.ts';
import type { Message } from './state.ts';
import type { Target } from './target.ts';

export interface CameBack {
  readonly message: Message;
  /** The operator left by their own keys; else they may still be typing for the session. */
  readonly isTheirs: boolean;
}

/**
 * Shows a session on the operator's terminal, which is free for it, until they leave it; gives what to tell them about how
 * that ended. Never rejects: the list is there to come back to.
 */
export async function attachAndTell(
  shell: ShellClient,
  target: Target,
  options: AttachOptions,
): Promise<CameBack> {
  const { agentId: agent_id, host, uuid, name } = target;
  try {
    const end = await attachToSession(shell, { agent_id, host, uuid, name }, options);
    const failed = end.kind === 'lost' || end.kind === 'signal';
    const text = end.hint === undefined ? end.text : `${end.text}: ${end.hint}`;
    const message = { atMs: Date.now(), kind: failed ? 'failed' : 'news', text } as const;
    return { message, isTheirs: end.isTheirs ?? false };
  } catch (error) {
    return { message: { atMs: Date.now(), kind: 'failed', text: errorWords(error) }, isTheirs: false };
  }
}
