import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../src/base/deadline.ts';
import { type UpdateUnderWay, rolloutArgv, startRollout } from '../e2e/support/rollout-run.ts';
import { belongingsOf, lostBetween } from './belongings.ts';
import type { CellResult } from './cell-result.ts';
import { evidenceOf } from './evidence.ts';
import { type Found, waitUntilWhole } from './examine.ts';
import type { Fault, Wound } from './fault.ts';
import type { Cell } from './matrix.ts';
import { finishNextUpdate } from './next-update.ts';
import { randomFrom } from './random.ts';
import { type Start, makeReady } from './ready.ts';
import type { Site } from './site.ts';
import { type RolloutStep, STEPS } from './steps.ts';
import { type Verdict, clean, untruths, untruthsOfTwo } from './verdict.ts';

/** The promise: within this time the host is whole, on the old release or the new, without any help. */
const WHOLE_WITHIN_MS = 90_000;
/** A rollout that goes on after a fault is looked at when it is over; this is for one that hangs with its host. */
const FIRST_LOOK_MS = 8_000;
const RUN_ENDS_MS = 300_000;
/** After the last word of the operator's program: for what the host does then. */
const AFTERMATH_MS = 30_000;

export interface CellInputs {
  readonly seed: string;
  /** A release that does not come up, for a cell in which the host goes back. */
  readonly bad: string | undefined;
}

/** One rollout with one fault in one of its steps, all that must be true after it, and the next update. */
export async function runCell(
  site: Site,
  fault: Fault,
  cell: Cell,
  { seed, bad }: CellInputs,
): Promise<CellResult> {
  const random = randomFrom(`${seed}/${site.store}/${cell.name}`);
  const step = STEPS[cell.verb].find(({ name }) => name === cell.step) as RolloutStep;
  const verb = cell.verb === 'return' ? 'update' : cell.verb;
  const start = await makeReady(site, verb, bad);
  const before = await belongingsOf(site);
  try {
    await fault.prepare?.(site);
    const words = ['--json', '--confirm-timeout', '20s'];
    const run = startRollout(site.shell, rolloutArgv(verb, site.host, ...words), site.host, 'alice');
    await run.until(({ event, title }) => event === 'step' && String(title).startsWith(step.title));
    if (!fault.choosesItsMoment) await sleep(random() * step.usualMs);
    const struckAt = String(
      run.events.findLast(({ event }) => event === 'step' || event === 'result')?.['title'],
    );
    const at = performance.now();
    const wound = await fault.strike({ site, run, verb, target: start.target, random });
    const aftermath = await waitOut(site, start, run, wound, at);
    const { verdict } = aftermath;

    const sessionsEnded = wound.endsSessions ?? false;
    verdict.lost.push(...lostBetween(before, await belongingsOf(site), sessionsEnded));
    const evidence = clean(verdict) ? '' : await evidenceOf(site, run);
    const next = await finishNextUpdate(site, start.next);
    verdict.stranded.push(...next.wrong);
    verdict.lost.push(...lostBetween(before, await belongingsOf(site), sessionsEnded));
    return {
      ...{ cell, store: site.store, struckAt, verdict, ...aftermath.seen },
      evidence: evidence + (next.wrong.length > 0 ? await evidenceOf(site, next.run) : ''),
    };
  } finally {
    await fault.tidy?.(site);
  }
}

interface Aftermath {
  readonly verdict: Verdict;
  readonly seen: Pick<CellResult, 'endedOn' | 'exitCode' | 'wholeAfterMs'>;
}

/** Waits until the fault and the rollout are over, as they end by themselves, and holds the host to its promise. */
async function waitOut(
  site: Site,
  start: Start,
  run: UpdateUnderWay,
  wound: Wound,
  at: number,
): Promise<Aftermath> {
  const verdict: Verdict = { lost: [], stranded: [], falseUpdated: [] };
  const releases = [start.live, start.target];
  if (wound.lift) {
    await Promise.race([run.ended, sleep(FIRST_LOOK_MS)]);
    const found = await waitUntilWhole(site, releases, at + WHOLE_WITHIN_MS, wound);
    verdict.stranded.push(...found.wrong.map((line) => `while it lasted: ${line}`));
    await wound.lift();
  }
  const ended = await withDeadline(run.ended, RUN_ENDS_MS, 'convocate-host');
  const second = await wound.second;
  await wound.passes;
  const by = Math.max(at + WHOLE_WITHIN_MS, performance.now() + AFTERMATH_MS);
  const found: Found = await waitUntilWhole(site, releases, by);
  const wholeAfterMs = Math.round(performance.now() - at);
  verdict.stranded.push(...found.wrong, ...(wound.lift ? [] : lateness(wholeAfterMs)));
  const facts = { live: start.live, target: start.target, found: found.release };
  if (second)
    verdict.falseUpdated.push(
      ...untruthsOfTwo(ended, second, start.isBad ? 4 : 0),
      ...untruths(pickOne(ended, second), facts),
    );
  else verdict.falseUpdated.push(...untruths(ended, facts));
  const endedOn = found.release === start.target ? 'new' : found.release === start.live ? 'old' : 'neither';
  return { verdict, seen: { endedOn, exitCode: ended.exitCode, wholeAfterMs } };
}

/** Where the fault is over by itself; one that lasts is looked at while it does. */
function lateness(wholeAfterMs: number): string[] {
  return wholeAfterMs <= WHOLE_WITHIN_MS
    ? []
    : [`it was whole, and its operator told, after ${wholeAfterMs / 1000} s only`];
}

/** Of two operators, the one who was not refused. */
function pickOne<Run extends { readonly exitCode: number }>(first: Run, second: Run): Run {
  return first.exitCode === 3 ? second : first;
}
