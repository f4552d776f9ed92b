import type { SessionView } from '../../protocol/shell-socket.ts';
import { ageOf } from '../commands/age.ts';
import { attachedWords } from './session-words.ts';
import type { ConfirmedOp } from './state.ts';

/** What an operator should know before saying yes to `op`, the weightiest first. */
export function warningsOf(op: ConfirmedOp, session: SessionView, nowMs: number): readonly string[] {
  const inUse = [...workWarning(session, nowMs), ...attachedWarning(session)];
  const warnings: Record<ConfirmedOp, readonly string[]> = {
    kill: session.running ? inUse : ['it is stopped already'],
    delete: [
      'its home goes for ever, with work and conversation',
      ...(session.running ? ['it is running'] : []),
      ...inUse,
    ],
    override: ['it clears a lock left behind; a change that is under way goes on'],
    background: attachedWarning(session),
  };
  return [...warnings[op], ...staleWarning(session)];
}

/** For a target that is no longer there. */
export const GONE_WARNING = 'it is gone';

function workWarning({ activity, running }: SessionView, nowMs: number): readonly string[] {
  if (!running || activity?.state !== 'working') return [];
  const what = activity.detail === '' ? '' : ` (${activity.detail})`;
  return [`it is in the middle of work${what}, since ${ageOf(activity.since, nowMs)}`];
}

function attachedWarning({ attached, running }: SessionView): readonly string[] {
  return running && attached > 0 ? [attachedWords(attached)] : [];
}

function staleWarning({ stale, host }: SessionView): readonly string[] {
  return stale ? [`${host} cannot tell how it is just now; this is how it was seen last`] : [];
}
