import type { ItemReport } from '../install/item.ts';
import { printJson } from './print-json.ts';

export interface InstallOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `convocate-agent install`: puts this host right, or with `--check` only says what is not; exit 1 on drift. */
export async function install(options: InstallOptions): Promise<void> {
  const { openOwnRelease } = await import('../release-home.ts');
  const { managedItems } = await import('../install/items.ts');
  const { checkItems, converge } = await import('../install/converge.ts');
  const items = await managedItems(await openOwnRelease());
  if (options.check) {
    const reports = await checkItems(items);
    print(reports, options);
    if (reports.some((report) => report.state === 'drift')) process.exitCode = 1;
    return;
  }
  const report = await converge(items);
  if (options.json) printJson(report);
  else print(report.items, options);
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
