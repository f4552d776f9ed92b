import { type AgentSettings, resumeCommandOf } from '../../protocol/agent-settings.ts';
import { LABEL } from '../../protocol/host-layout.ts';
import type { ContainerFacts } from '../docker/docker.ts';

/** How a session's program is started: for the first time, or to go on with its conversation. */
export type Start = 'session' | 'resume';

export interface ChosenCommand {
  readonly start: Start;
  readonly command: string;
  /** For the log. */
  readonly why: string;
}

/** A program that ends by itself within this time has not gone on with anything. */
const AT_ONCE_MS = 10_000;

/**
 * Which of the two commands a session is started with. Pure. One that failed at once when it was to go on with its
 * conversation last time is started anew, so that no session is kept from starting by its own past.
 */
export function chooseCommand(
  settings: AgentSettings,
  holdsConversation: boolean,
  last: ContainerFacts | undefined,
): ChosenCommand {
  const anew = { start: 'session', command: settings.session_command } as const;
  if (!holdsConversation) return { ...anew, why: 'its home holds no conversation' };
  if (last && failedToResume(last)) return { ...anew, why: 'going on with its conversation failed at once' };
  return { start: 'resume', command: resumeCommandOf(settings), why: 'its home holds a conversation' };
}

function failedToResume({ labels, exitCode, startedAt, endedAt, oomKilled }: ContainerFacts): boolean {
  const resumed: Start = 'resume';
  // From 128 up it was ended from outside: by an operator, or with its host.
  const failed = exitCode !== undefined && exitCode > 0 && exitCode < 128 && !oomKilled;
  return (
    labels[LABEL.start] === resumed && failed && Date.parse(endedAt) - Date.parse(startedAt) < AT_ONCE_MS
  );
}
