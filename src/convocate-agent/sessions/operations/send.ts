import { RpcError } from '../../../protocol/error-codes.ts';
import type { RpcParams } from '../../../protocol/rpc.ts';
import type { Agent } from '../agent.ts';
import { requireAllowed } from '../change.ts';
import { findEntry } from '../describe-session.ts';
import { isKeyName } from '../key-names.ts';
import { noteUse } from '../note-use.ts';
import { PANE, runTmux } from '../session-tmux.ts';

/** One message to tmux holds 16 KiB. */
const KEYS_AT_ONCE = 500;
/** One line without control characters: what a person types. */
const TYPED = /^\P{Cc}+$/u;
const BUFFER = 'convocate-send';

/**
 * Types text into the session's terminal, then presses keys. One line comes as if typed, because programs take a typed
 * "/help" or "y" for more than a pasted one. More than that comes as a paste, in brackets where the program asks for
 * them: only so can it tell a line end inside the text from Enter.
 *
 * Throws `bad_request` for a key that tmux does not know, `conflict` where the session does not run, `busy` where a
 * change is under way.
 */
export async function sendToSession(agent: Agent, params: RpcParams<'send'>): Promise<null> {
  const { id, text = '', keys = [] } = params;
  const entry = await findEntry(agent, id);
  requireKeyNames(keys);
  const op = agent.locks.liveOp(id);
  if (op) throw new RpcError('busy', `session ${id} is busy: ${op} is under way`);
  await requireAllowed(agent, entry, 'send', await agent.locks.stale(id));
  await agent.typing.run(id, async () => {
    if (text !== '') await enterText(agent, id, text);
    // Keys are sent on their own: in one piece with the text, Enter would look like a part of it.
    for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
      const some = keys.slice(at, at + KEYS_AT_ONCE);
      await runTmux(agent, id, [LEAVE_MODE, ['send-keys', '-t', PANE, '--', ...some]]);
    }
  });
  await noteUse(agent, id); // what was typed cannot be taken back
  return null;
}

/** Someone who scrolls back has the pane in a mode that takes keys for commands of its own. */
const LEAVE_MODE = ['copy-mode', '-q', '-t', PANE] as const;

/** By way of a buffer, so that the text is in no argv, where Docker's events and `ps` would show it. */
async function enterText(agent: Agent, id: string, text: string): Promise<void> {
  const inBrackets = TYPED.test(text) ? [] : ['-p'];
  const load = ['load-buffer', '-b', BUFFER, '-'];
  const paste = ['paste-buffer', ...inBrackets, '-d', '-b', BUFFER, '-t', PANE];
  // tmux makes the line end that a terminal would send of each newline; of two characters it would make two.
  await runTmux(agent, id, [LEAVE_MODE, load, paste], { input: text.replaceAll('\r\n', '\n') });
}

function requireKeyNames(keys: readonly string[]): void {
  const unknown = keys.find((key) => !isKeyName(key));
  if (unknown === undefined) return;
  throw new RpcError(
    'bad_request',
    `params.keys: tmux knows no key ${JSON.stringify(unknown)}; keys are such as Enter, Escape, C-c, Up, F1 or a single character of ASCII`,
  );
}
