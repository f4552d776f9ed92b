import * as z from 'zod/mini';
import { type Rollout, type Step, need } from '../rollout.ts';
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
  changesHost: true,
  isDone: (rollout) => !need(rollout, 'plan').activate,
  run: (rollout) => runActivation(rollout, ({ item }) => `changed ${item}`),
};

/** As {@link activate}, but always: `init-agent` mends drift that no plan from outside can see. */
export const installAgent: Step = {
  title: 'putting the host right',
  changesHost: true,
  run: (rollout) => runActivation(rollout, ({ item, detail }) => `${item}: ${detail}; put right`),
};

async function runActivation(
  rollout: Rollout,
  words: (fixed: { item: string; detail?: string | undefined }) => string,
): Promise<void> {
  const argv = stagedProgram(need(rollout, 'plan').version, 'activate');
  const answer = await need(rollout, 'host').check(argv, { timeoutMs: 120_000 });
  const report = Report.parse(JSON.parse(answer));
  for (const item of report.items) {
    if (item.state === 'fixed') rollout.reporter.note(words(item));
    if (item.state === 'warning') rollout.reporter.warn(`${item.item}: ${item.detail}`);
  }
  if (report.items.some((item) => item.state === 'fixed')) rollout.mustRestart = true;
}
