import { ShellClient } from '../../cluster/shell-client.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { currentOperator } from './operator.ts';

/** The way to the status service. */
export function openShell(env: NodeJS.ProcessEnv = process.env): ShellClient {
  return new ShellClient(currentOperator(env), socketPath(env));
}

/** `CONVOCATE_SOCKET` names another socket than the installed one. */
export function socketPath(env: NodeJS.ProcessEnv = process.env): string {
  return env['CONVOCATE_SOCKET'] || SHELL_HOST.socket;
}
