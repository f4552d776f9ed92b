import { withDeadline } from '../../base/deadline.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import type { RpcResult } from '../../protocol/rpc.ts';
import type { Agent } from '../sessions/agent.ts';
import { findEntry } from '../sessions/describe-session.ts';
import { homeOf } from '../sessions/paths.ts';
import { lookAndTell } from '../sessions/watch-containers.ts';
import { containerEvidence } from './container-evidence.ts';
import { type TerminalEvidence, decideActivity } from './decide-activity.ts';
import { comparedWith, lookAtTerminal } from './look-at-terminal.ts';
import { readProgramStatus } from './program-status.ts';
import { type Report, readReport } from './report-file.ts';

const LOOK_MS = 3_000;

/** Looks at everything anew and says what each look said. `conflict` of a session that has never run. */
export async function explainActivity(agent: Agent, id: string): Promise<RpcResult<'explain'>> {
  await findEntry(agent, id);
  const facts = await withDeadline(lookAndTell(agent, id), LOOK_MS, 'a look at the container').then(
    (look) => look.facts,
    () => agent.containers.factsOf(id), // Docker does not answer: what it said last
  );
  const home = homeOf(agent.paths, id);
  const report = await readReport(home, agent.now().getTime());
  const standing = await readProgramStatus(home, agent.now().getTime());
  const status = standing ?? agent.activities.pageOf(id).status;
  const terminal = facts?.running ? await terminalNow(agent, id, report?.atMs ?? 0) : undefined;
  const decision = decideActivity(
    {
      ...{ container: containerEvidence(facts), report, status, statusStands: standing !== undefined },
      ...{ terminal, sinceMs: sinceOf(agent, id, report) },
    },
    agent.now().getTime(),
  );
  if (!decision) throw new RpcError('conflict', `explain: session ${id} has never run; restart starts it`);
  return { activity: decision.activity, evidence: [...decision.evidence] };
}

/** A terminal that does not answer in time says nothing; the other sources still do. */
async function terminalNow(agent: Agent, id: string, askedMs: number): Promise<TerminalEvidence | undefined> {
  const before = agent.activities.pageOf(id).terminal;
  const seen = await lookAtTerminal(agent, id, LOOK_MS).catch(() => undefined);
  return seen && comparedWith(before, seen, askedMs);
}

function sinceOf(agent: Agent, id: string, report: Report | undefined): number | undefined {
  const known = agent.activities.pageOf(id);
  return known.report?.state === report?.state ? known.sinceMs : undefined;
}
