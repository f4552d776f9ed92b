import { rolloutArgv, startRollout } from '../e2e/support/rollout-run.ts';
import type { BadRelease } from './bad-releases.ts';
import { belongingsOf, lostBetween } from './belongings.ts';
import type { CellResult } from './cell-result.ts';
import { evidenceOf } from './evidence.ts';
import { waitUntilWhole } from './examine.ts';
import type { Cell } from './matrix.ts';
import { finishNextUpdate } from './next-update.ts';
import { makeReady } from './ready.ts';
import type { Site } from './site.ts';
import { type Verdict, clean, untruths } from './verdict.ts';

const WHOLE_WITHIN_MS = 90_000;

/** `version`: of the broken build, where there is one; else the next good release is harmed in the store. */
export async function runBadRelease(
  site: Site,
  bad: BadRelease,
  cell: Cell,
  version: string | undefined,
): Promise<CellResult> {
  const start = await makeReady(site, 'update', version);
  const before = await belongingsOf(site);
  const undo = await bad.damage?.(site, start.target);
  const words = ['--json', '--confirm-timeout', '20s', ...(bad.words ?? [])];
  const run = startRollout(site.shell, rolloutArgv('update', site.host, ...words), site.host);
  const ended = await run.ended;
  const at = performance.now();
  await undo?.();
  const found = await waitUntilWhole(site, [start.live], at + WHOLE_WITHIN_MS);
  const wholeAfterMs = Math.round(performance.now() - at);
  const verdict: Verdict = {
    lost: lostBetween(before, await belongingsOf(site), false),
    stranded: [...found.wrong],
    falseUpdated: untruths(ended, { live: start.live, target: start.target, found: found.release }),
  };
  if (ended.exitCode === 0) verdict.falseUpdated.push('a bad release was taken for good');
  const evidence = clean(verdict) ? '' : await evidenceOf(site, ended);
  const next = await finishNextUpdate(site, start.next);
  verdict.stranded.push(...next.wrong);
  verdict.lost.push(...lostBetween(before, await belongingsOf(site), false));
  const last = run.events.findLast(({ event }) => event === 'step');
  return {
    ...{ cell, store: site.store, verdict, wholeAfterMs, exitCode: ended.exitCode },
    struckAt: String(last?.['title']),
    endedOn: found.release === start.live ? 'old' : found.release === start.target ? 'new' : 'neither',
    evidence: evidence + (next.wrong.length > 0 ? await evidenceOf(site, next.run) : ''),
  };
}
