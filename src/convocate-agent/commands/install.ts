import type { ItemReport, ManagedItem } from '../install/item.ts';
import { printJson } from './print-json.ts';

export interface InstallOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `convocate-agent install`: puts this host right, or with `--check` only says what is not; exit 1 on drift. */
export async function install(options: InstallOptions): Promise<void> {
  if (options.check) {
    await check(options);
    return;
  }
  // It makes a release the live one, as a rollout does, so it is as much alone on the host.
  const { holdsRolloutLock, ownCommand, runUnderLock } = await import('../activation/under-lock.ts');
  if (holdsRolloutLock()) await putRight(options);
  else process.exitCode = await runUnderLock(ownCommand(), INSTALL);
}

const INSTALL = {
  who: 'convocate-agent install',
  outcome: 'so nothing was changed',
  hint: 'run it again when that has ended',
};

async function check(options: InstallOptions): Promise<void> {
  const { checkItems } = await import('../install/converge.ts');
  const reports = await checkItems(await ownItems());
  print(reports, options);
  if (reports.some((report) => report.state === 'drift')) process.exitCode = 1;
}

async function putRight(options: InstallOptions): Promise<void> {
  const { requireSettled } = await import('../dead-man/rollout-state.ts');
  const { converge } = await import('../install/converge.ts');
  await requireSettled(INSTALL.outcome);
  const report = await converge(await ownItems());
  if (options.json) printJson(report);
  else print(report.items, options);
}

async function ownItems(): Promise<ManagedItem[]> {
  const { openOwnRelease } = await import('../release-home.ts');
  const { managedItems } = await import('../install/items.ts');
  return await managedItems(await openOwnRelease());
}

function print(reports: readonly ItemReport[], options: InstallOptions): void {
  if (options.json) {
    printJson({ items: reports });
    return;
  }
  for (const { item, state, detail } of reports) {
    process.stdout.write(`${state.padEnd(8)} ${item}${detail ? `: ${detail}` : ''}\n`);
  }
}
