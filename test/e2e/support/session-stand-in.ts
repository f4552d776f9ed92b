// What runs in the sessions of these tests where the coding agent itself would: a script that counts for ever. It writes
// outside the home, so that a home stays the same to the byte while its session is at work.
import { pollUntil } from '../../../src/base/deadline.ts';
import { containerNameOf } from '../../../src/protocol/host-layout.ts';
import type { Machine } from '../../../lab/machine.ts';

const script = `#!/bin/bash
# Stand-in for the coding agent. Prints what it was started with, "tick N" five times a second, and what it is told.
echo "started with: $*"
echo $$ > /tmp/stand-in-pid
for ((count = 1; ; count += 1)); do
  echo "$count" > /tmp/stand-in-count
  echo "tick $count"
  if read -r -t 0.2 line; then echo "heard $line"; fi
done
`;

export async function installStandIn(agent: Machine): Promise<void> {
  await agent.writeFile('/usr/local/bin/claude', script, { mode: '0755' });
}

/** The program of a running session as the kernel knows it: another process would have another pid or start time. */
export interface StandInState {
  readonly pid: number;
  /** Clock ticks from the boot of the machine to the start of the process. */
  readonly startTime: number;
  readonly count: number;
}

/** Waits until the session's program has begun to count. */
export async function standInState(agent: Machine, sessionId: string): Promise<StandInState> {
  const read =
    'read -r pid < /tmp/stand-in-pid && echo $pid $(cut -d" " -f22 /proc/$pid/stat) $(cat /tmp/stand-in-count)';
  const argv = ['docker', 'exec', containerNameOf(sessionId), 'bash', '-c', read];
  return await pollUntil(
    async () => {
      const { exitCode, stdout } = await agent.exec(argv);
      const [pid, startTime, count] = stdout.trim().split(' ').map(Number);
      if (exitCode !== 0 || !pid || !startTime || !count) return undefined;
      return { pid, startTime, count };
    },
    { timeoutMs: 15_000, intervalMs: 100, what: `the program of session ${sessionId}` },
  );
}

/** Waits until the very same process has counted further, which a frozen or restarted one never does. */
export async function expectStillCounting(
  agent: Machine,
  sessionId: string,
  before: StandInState,
): Promise<void> {
  await pollUntil(
    async () => {
      const now = await standInState(agent, sessionId);
      if (now.pid !== before.pid || now.startTime !== before.startTime) {
        throw new Error(
          `session ${sessionId} was restarted: pid ${before.pid} started ${before.startTime}, now pid ${now.pid} started ${now.startTime}`,
        );
      }
      return now.count > before.count ? true : undefined;
    },
    { timeoutMs: 15_000, intervalMs: 100, what: `further counting in session ${sessionId}` },
  );
}
