import { RefusedError, messageOf } from '../../base/errors.ts';
import type { ConvergeReport, ItemReport, ManagedItem } from './item.ts';

/** Looks at every item and changes nothing. */
export async function checkItems(items: readonly ManagedItem[]): Promise<ItemReport[]> {
  const reports: ItemReport[] = [];
  for (const item of items) {
    const drift = await item.check();
    if (drift === undefined) reports.push({ item: item.name, state: 'ok' });
    else reports.push({ item: item.name, state: item.warnOnly ? 'warning' : 'drift', detail: drift });
  }
  return reports;
}

/**
 * Makes every item right, in order. What only the operator can fix is looked at first, so that a host that is not
 * fit is refused before anything on it was changed.
 */
export async function converge(items: readonly ManagedItem[]): Promise<ConvergeReport> {
  for (const item of items) {
    if (item.onlyOperatorCanFix === undefined) continue;
    const problem = await item.check();
    if (problem !== undefined) throw new RefusedError(problem, { hint: item.onlyOperatorCanFix });
  }
  const reports: ItemReport[] = [];
  for (const item of items) {
    const drift = item.onlyOperatorCanFix === undefined ? await item.check() : undefined; // those were looked at above
    if (drift === undefined) {
      reports.push({ item: item.name, state: 'ok' });
    } else if (item.warnOnly) {
      reports.push({ item: item.name, state: 'warning', detail: drift });
    } else {
      await item.apply();
      reports.push({ item: item.name, state: 'fixed', detail: drift });
    }
  }
  return { items: reports };
}

export interface Unmended {
  readonly item: string;
  readonly why: string;
}

/**
 * Makes right what can be, and goes on after what cannot, which it gives back: for a host that has no better place to
 * stop at.
 */
export async function convergeAllThatCan(items: readonly ManagedItem[]): Promise<Unmended[]> {
  const unmended: Unmended[] = [];
  for (const item of items) {
    try {
      if ((await item.check()) !== undefined) await item.apply();
    } catch (error) {
      unmended.push({ item: item.name, why: messageOf(error) });
    }
  }
  return unmended;
}
