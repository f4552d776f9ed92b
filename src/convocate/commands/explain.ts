import type { Command } from 'commander';
import type { Activity, Evidence } from '../../protocol/activity.ts';
import { ageOf } from './age.ts';
import { describeSession } from './find-session.ts';
import { printJson, printable } from './printable.ts';
import { type SessionOptions, namedSession, sessionCommand } from './session-command.ts';

export function addExplainCommand(program: Command): void {
  sessionCommand(program, 'explain', "say what a session's program is doing, and how that is known")
    .option('--json', 'as one JSON object {"activity": …, "evidence": […]}')
    .action(async (reference: string, options: SessionOptions) => {
      const { shell, session } = await namedSession(reference, options);
      const answer = await shell.call(session.agent_id, 'explain', { id: session.uuid });
      const lines = [describeSession(session), ...explanation(answer, Date.now())];
      if (options.json) printJson(answer);
      else process.stdout.write(`${lines.join('\n')}\n`);
    });
}

/** The state with what it is about, then each piece of evidence; `*` marks those that decided. */
export function explanation(
  { activity, evidence }: { readonly activity: Activity; readonly evidence: readonly Evidence[] },
  nowMs: number,
): string[] {
  const { state, since, detail } = activity;
  const about = detail ? `: ${printable(detail)}` : '';
  const sourceWidth = Math.max(0, ...evidence.map(({ source }) => source.length));
  return [
    `${state} for ${ageOf(since, nowMs)}${about}`,
    ...evidence.map(({ source, says, at, counts }) => {
      const when = at === undefined ? '' : ` (${ageOf(at, nowMs)} ago)`;
      return `  ${counts ? '*' : ' '} ${source.padEnd(sourceWidth)}  ${printable(says)}${when}`;
    }),
    ...(evidence.some(({ counts }) => counts) ? ['  * decided'] : []),
  ];
}
