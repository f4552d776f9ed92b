import { initShell } from '../flows/init-shell.ts';
import { requireRoot } from '../flows/update.ts';
import { LOCAL, openHost } from '../open-host.ts';
import { humanReporter, jsonReporter } from '../reporter.ts';
import { pinHostKey } from '../steps/pin-host-key.ts';
import { stdout } from './options.ts';

export interface InitShellOptions {
  readonly host: string;
  readonly user?: string;
  readonly hostKey?: string;
  readonly json?: boolean;
}

export async function initShellCommand(options: InitShellOptions): Promise<void> {
  if (options.host === LOCAL) requireRoot('init-shell');
  const reporter = (options.json ? jsonReporter : humanReporter)(options.host, stdout);
  const { knownHostsFile } =
    options.host === LOCAL
      ? { knownHostsFile: '' }
      : await pinHostKey(options.host, undefined, options.hostKey);
  await using host = await openHost(options.host, options.user, knownHostsFile);
  await initShell(host, reporter);
}
