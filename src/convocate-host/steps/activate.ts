import * as z from 'zod/mini';
import { type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';

const Report = z.object({
  items: z.array(z.object({ item: z.string(), state: z.string(), detail: z.optional(z.string()) })),
});

/**
 * The seed's steps 3, 4 and 6: program, unit and stamp become the release's, by one rename. The release proves its
 * own signature and digests on the host before that.
 */
export const activate: Step = {
  title: 'activating',
  isDone: (rollout) => !need(rollout, 'plan').activate,
  run: (rollout) => runActivation(rollout),
};

/** As {@link activate}, but always: `init-agent` mends drift that no plan from outside can see. */
export const installAgent: Step = {
  title: 'putting the host right',
  run: (rollout) => runActivation(rollout),
};

async function runActivation(rollout: Parameters<Step['run']>[0]): Promise<void> {
  need(rollout, 'lock').assertHeld();
  const argv = stagedProgram(rollout.release.manifest.version, 'activate');
  const answer = await need(rollout, 'host').check(argv, { timeoutMs: 120_000 });
  const report = Report.parse(JSON.parse(answer));
  for (const { item, state, detail } of report.items) {
    if (state === 'fixed') rollout.reporter.note(`${item}: ${detail}; put right`);
    if (state === 'warning') rollout.reporter.warn(`${item}: ${detail}`);
  }
  if (report.items.some((item) => item.state === 'fixed')) rollout.mustRestart = true;
}
