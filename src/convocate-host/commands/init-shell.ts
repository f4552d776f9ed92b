import { initShell } from '../flows/init-shell.ts';
import { LOCAL, openHost } from '../open-host.ts';
import { type Reporter, humanReporter, jsonReporter } from '../reporter.ts';
import { keepPin, pinHostKey, shellHostPinFile } from '../steps/pin-host-key.ts';
import { requireRoot } from './require-root.ts';
import { type SshOptions, refuseSshOptionsHere, stdout } from './options.ts';

export interface InitShellOptions extends SshOptions {
  readonly json?: boolean;
}

export async function initShellCommand(options: InitShellOptions): Promise<void> {
  refuseSshOptionsHere(options);
  const reporter = (options.json ? jsonReporter : humanReporter)(options.host, stdout);
  await (options.host === LOCAL ? initShellHere(reporter) : initShellOverSsh(options, reporter));
}

async function initShellHere(reporter: Reporter): Promise<void> {
  requireRoot('init-shell');
  await using host = await openHost(LOCAL, undefined, '');
  await initShell(host, reporter);
}

async function initShellOverSsh(options: InitShellOptions, reporter: Reporter): Promise<void> {
  const pinFile = shellHostPinFile(options.host);
  const pinned = await pinHostKey(options.host, pinFile, options.hostKey);
  await using host = await openHost(options.host, options.user, pinned.knownHostsFile);
  await initShell(host, reporter);
  await keepPin(pinFile, pinned.text);
}
