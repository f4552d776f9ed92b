// Names and labels. Everything the lab makes carries both labels and is found by them, so that `down` removes exactly
// what `up` made and two checkouts on one box never see each other's machines.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

export type Role = 'shell' | 'agent';

/** This checkout, as eight characters of the hash of its path. */
export const checkoutId = createHash('sha256')
  .update(realpathSync(join(import.meta.dirname, '..')))
  .digest('hex')
  .slice(0, 8);

export function checkLabName(name: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
    throw new Error(`a lab's name is 1 to 32 of a-z, 0-9 and "-": ${JSON.stringify(name)}`);
  }
}

export function labelsOf(lab: string): Record<string, string> {
  return { 'convocate.lab': lab, 'convocate.checkout': checkoutId };
}

/** docker's `--label` arguments. */
export function labelArgs(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`);
}

/** docker's `--filter` arguments for one lab of this checkout, or for all of this checkout's. */
export function filterArgs(lab?: string): string[] {
  const filters = [`--filter=label=convocate.checkout=${checkoutId}`];
  return lab === undefined ? filters : [...filters, `--filter=label=convocate.lab=${lab}`];
}

/** Unique on the engine, unlike a lab's or a machine's name. */
export function engineName(lab: string, part: string): string {
  return `lab-${checkoutId}-${lab}-${part}`;
}

/** 0 → agent-a … 25 → agent-z, 26 → agent-aa, as columns of a sheet. */
export function agentHostname(index: number): string {
  let letters = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCodePoint(97 + ((rest - 1) % 26)) + letters;
  }
  return `agent-${letters}`;
}
