import { isNothingToDo } from '../plan.ts';
import { type Rollout, need } from '../rollout.ts';

/** What a rollout that went well came to; `seconds` is what the words for people may name. */
export function tellOutcome(
  rollout: Rollout,
  outcome: 'updated' | 'rolled_back',
  words: (seconds: string) => { readonly changed: string; readonly unchanged: string },
): void {
  const plan = need(rollout, 'plan');
  const { mended } = rollout;
  const isUnchanged = isNothingToDo(plan);
  const { changed, unchanged } = words(((performance.now() - rollout.startedAt) / 1000).toFixed(1));
  rollout.reporter.result(
    {
      outcome: isUnchanged ? 'unchanged' : outcome,
      from: plan.fromVersion ?? null,
      version: plan.version,
      sent_bytes: rollout.sentBytes,
      answered_ms: rollout.answeredMs === undefined ? null : Math.round(rollout.answeredMs),
      sessions_on_older_image: plan.warnings.length,
      ...(mended && { mended }),
    },
    isUnchanged ? unchanged : mended ? `${changed}; put right on the host: ${mended.join(', ')}` : changed,
  );
}
