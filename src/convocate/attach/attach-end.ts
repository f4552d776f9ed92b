import type { ShellClient } from '../../cluster/shell-client.ts';
import { ATTACH, type TerminalEnd } from '../../protocol/attach.ts';
import type { Session } from '../../protocol/session.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { describeSession } from '../commands/find-session.ts';
import { type SessionEnd, endCause } from '../how-it-ended.ts';
import type { Ending } from './attach-state.ts';

export type AttachTarget = Pick<Session, 'uuid' | 'name' | 'agent_id'> & { readonly host: string };

/** How an attach ended, in words for the operator. */
export interface AttachEnd {
  /** `lost` and `signal` were nobody's wish: a command that ends so has failed. */
  readonly kind: 'detached' | 'ended' | 'removed' | 'lost' | 'signal';
  readonly text: string;
  /** What the operator can do next. */
  readonly hint?: string;
  /** The keys that they pressed last led to it: what they press next is not meant for the session. */
  readonly isTheirs?: true;
}

export function endOf(target: AttachTarget, ending: Exclude<Ending, { how: 'refused' }>): AttachEnd {
  const what = describeSession(target);
  switch (ending.how) {
    case 'told':
      return endTold(what, ending.end);
    case 'left':
      return {
        kind: 'detached',
        text: `left ${what} while the connection was lost; it goes on running`,
        isTheirs: true,
      };
    case 'given-up':
      return lost(target, `did not come back within ${ATTACH.giveUpMs / 1000} s: ${ending.problem}`);
    case 'signal':
      return {
        kind: 'signal',
        text: `ended by ${ending.signal}; ${what} goes on`,
        hint: `\`convocate attach ${target.uuid.slice(0, 8)}\` opens it again`,
      };
  }
}

/** The operator did not wait until it was there. */
export function leftUnopened(target: AttachTarget): AttachEnd {
  return { kind: 'detached', text: `left before ${describeSession(target)} was open`, isTheirs: true };
}

/** Where nobody told why it ended, the service knows what became of the session. */
export async function farewell(shell: ShellClient, target: AttachTarget, problem = ''): Promise<AttachEnd> {
  const what = describeSession(target);
  const { wasReached, now } = await lookUp(shell, target).catch(() => ({
    wasReached: false,
    now: undefined,
  }));
  if (!now && wasReached) return { kind: 'removed', text: `${what} was removed` };
  if (!now) return lost(target, 'was lost');
  // Also of a row that may be older: it ran when it was attached to, and nothing but an operator starts it again.
  if (!now.running) return { kind: 'ended', text: endedText(what, now) };
  if (now.stale) return lost(target, 'was lost');
  if (problem) return lost(target, `could not be had again: ${problem}`);
  return { kind: 'detached', text: `left ${what}; it goes on running` };
}

interface LookedUp {
  /** A service that has just started lists nothing of an agent that it has not reached. */
  readonly wasReached: boolean;
  readonly now: SessionView | undefined;
}

async function lookUp(shell: ShellClient, target: AttachTarget): Promise<LookedUp> {
  const agents = await shell.agents(); // first: one that is reached only now is in a list that comes later
  const sessions = await shell.sessions();
  return {
    wasReached: agents.some(({ agent_id, version }) => agent_id === target.agent_id && version !== ''),
    now: sessions.find(({ uuid, agent_id }) => uuid === target.uuid && agent_id === target.agent_id),
  };
}

function endTold(what: string, end: TerminalEnd): AttachEnd {
  const { reason } = end;
  if (reason === 'removed') return { kind: 'removed', text: `${what} was removed` };
  if (reason === 'ended') return { kind: 'ended', text: endedText(what, end) };
  return { kind: 'detached', text: `left ${what}; it goes on running` };
}

function endedText(what: string, end: SessionEnd): string {
  if (end.asked_to_stop) return `${what} was stopped`;
  const cause = endCause(end);
  return cause === undefined ? `${what} has ended` : `${what} has ended with ${cause}`;
}

function lost(target: AttachTarget, how: string): AttachEnd {
  return {
    kind: 'lost',
    text: `the connection to ${describeSession(target)} ${how}; the session goes on`,
    hint: `\`convocate attach ${target.uuid.slice(0, 8)}\` opens it again, once it can be reached`,
  };
}
